import { prepare } from '../support/install.ts'
import { LIFE_SERVERS } from './servers.ts'

/** Global set-up of vitest for the life of a mirror. It installs nothing, and says which servers are left out. */
export default function setup(): void {
  prepare([], new URL('.', import.meta.url))
  for (const { name, missing } of LIFE_SERVERS) {
    const why = missing()
    if (why !== undefined) console.error(`life: ${name} is skipped, because ${why}`)
  }
}
