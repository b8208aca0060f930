import { rm, stat, writeFile } from 'node:fs/promises'
import { SERVER_KINDS, type Server, type ServerKind } from '../registries/server-kinds.ts'

/** The servers whose blobs are files here. */
export const LIFE_SERVERS: readonly ServerKind[] = SERVER_KINDS.filter(({ name }) =>
  ['docker-registry 2.8', 'gpreg serve', 'distribution 3'].includes(name),
)

export const INSTALLED: readonly ServerKind[] = LIFE_SERVERS.filter(kind => kind.missing() === undefined)

/** Writes other bytes of the same length over a blob, or cuts it short. */
export async function overwrite(server: Server, digest: string, isShort: boolean): Promise<void> {
  const file = server.blobFile!(digest)
  const { size } = await stat(file)
  await rm(file)
  await writeFile(file, Buffer.alloc(isShort ? Math.floor(size / 2) : size, '#'))
}
