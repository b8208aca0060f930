import type { Content, Image } from './images.ts'
import { startRegistry, type Registry, type RegistryOptions } from './registry.ts'

/**
 * A source registry that stands for several hosts. The host is the first part of each repository:
 * `docker.io/library/redis`.
 */
export interface Upstream extends Registry {
  /** @param reference e.g. `docker.io/library/redis:6.2` */
  add(reference: string, image: Image): Promise<void>
  readonly images: ReadonlyMap<string, Image>
}

export async function startUpstream(options: RegistryOptions = {}): Promise<Upstream> {
  const registry = await startRegistry(options)
  const images = new Map<string, Image>()
  return {
    ...registry,
    images,
    async add(reference, image) {
      images.set(reference, image)
      await pushImage(registry.url, reference, image)
    },
  }
}

/** Flags that redirect gpreg from all source hosts of the references to the address `at`. */
export function sourceMirrors(at: string, references: Iterable<string>): string[] {
  const hosts = new Set([...references].map(reference => reference.split('/')[0]!))
  return [...hosts].flatMap(host => ['--source-mirror', `${host}=${at}/${host}`])
}

/** Pushes the blobs, then the children, then the manifest under its tag. */
export async function pushImage(registry: URL, reference: string, image: Image): Promise<void> {
  const colon = reference.lastIndexOf(':')
  const [repository, tag] = [reference.slice(0, colon), reference.slice(colon + 1)]
  await Promise.all(image.blobs.map(blob => pushBlob(registry, repository, blob)))
  await Promise.all(
    image.children.map(child => pushManifest(registry, repository, child.manifest.digest, child.manifest)),
  )
  await pushManifest(registry, repository, tag, image.manifest)
}

export async function pushBlob(
  registry: URL,
  repository: string,
  { digest, bytes }: Pick<Content, 'digest' | 'bytes'>,
): Promise<void> {
  const opened = await must(fetch(new URL(`/v2/${repository}/blobs/uploads/`, registry), { method: 'POST' }))
  const location = new URL(opened.headers.get('location')!, registry)
  location.searchParams.set('digest', digest)
  await must(
    fetch(location, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { 'content-type': 'application/octet-stream' },
    }),
  )
}

/** Mounts a blob from another repository. */
export async function mountBlob(
  registry: URL,
  repository: string,
  digest: string,
  from: string,
): Promise<void> {
  const query = new URLSearchParams({ mount: digest, from })
  await must(fetch(new URL(`/v2/${repository}/blobs/uploads/?${query}`, registry), { method: 'POST' }))
}

export async function pushManifest(
  registry: URL,
  repository: string,
  tag: string,
  manifest: Content,
): Promise<void> {
  const url = new URL(`/v2/${repository}/manifests/${tag}`, registry)
  await must(
    fetch(url, {
      method: 'PUT',
      body: new Uint8Array(manifest.bytes),
      headers: { 'content-type': manifest.mediaType },
    }),
  )
}

async function must(answer: Promise<Response>): Promise<Response> {
  const response = await answer
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${text}`)
  return response
}
