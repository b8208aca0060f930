import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startRegistry, writeHtpasswd } from './registry.ts'
import { startServe } from './serve.ts'

/** The kinds of registry that a test copies from and to. */
export const REGISTRY_KINDS = ['docker-registry', 'gpreg serve'] as const
export type RegistryKind = (typeof REGISTRY_KINDS)[number]

/** The login of all these registries. */
export const CREDENTIALS = { username: 'mirror', password: 'correct horse: battery' } as const

/** A real registry with its storage on disk and a password. */
export interface DiskRegistry extends AsyncDisposable {
  readonly kind: RegistryKind
  readonly host: string
  readonly url: URL
  /** directory of its blobs */
  readonly storage: string
}

/** @param directory writable directory for the registry */
export async function startDiskRegistry(kind: RegistryKind, directory: string): Promise<DiskRegistry> {
  await mkdir(directory, { recursive: true })
  if (kind === 'docker-registry') {
    const registry = await startRegistry({ credentials: CREDENTIALS, parent: directory })
    return {
      kind,
      host: registry.host,
      url: registry.url,
      storage: registry.storage,
      [Symbol.asyncDispose]: registry.stop,
    }
  }
  const [storage, htpasswd] = [join(directory, 'layout'), join(directory, 'htpasswd')]
  await writeHtpasswd(htpasswd, CREDENTIALS)
  const serve = await startServe(storage, '--htpasswd', htpasswd)
  return {
    kind,
    host: serve.host,
    url: new URL(`http://${serve.host}/`),
    storage,
    [Symbol.asyncDispose]: () => serve[Symbol.asyncDispose](),
  }
}

/** True if the repository has this tag. */
export async function isTagged({ url }: DiskRegistry, repository: string, tag: string): Promise<boolean> {
  const { username, password } = CREDENTIALS
  const answer = await fetch(new URL(`/v2/${repository}/manifests/${tag}`, url), {
    method: 'HEAD',
    headers: {
      accept: 'application/vnd.oci.image.manifest.v1+json',
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    },
  })
  return answer.ok
}
