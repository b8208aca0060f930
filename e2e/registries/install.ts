import { prepare } from '../support/install.ts'
import { absent, SERVER_KINDS } from './server-kinds.ts'

/** Global set-up of vitest for the matrix of registries. It installs nothing, and says which servers are left out. */
export default function setup(): void {
  prepare([], new URL('.', import.meta.url))
  for (const { name, missing } of SERVER_KINDS) {
    const why = missing()
    if (why !== undefined) console.error(`registries: ${name} is skipped, because ${why}`)
  }
  const why = absent('minio')
  if (why !== undefined) console.error(`registries: provision with MinIO is skipped, because ${why}`)
}
