import { createCipheriv, createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { makeImage, makeIndex, type Image, type Layer, type Platform } from '../support/images.ts'
import type { Registry } from '../support/registry.ts'
import { mountBlob, pushBlob, pushManifest } from '../support/upstream.ts'

/** The content of the source registry. */
export interface Stock {
  /** such as `docker.io/library/redis:6.2`, which is also the path in the registry */
  readonly references: readonly string[]
  /** Each unique blob, and one repository that contains it. */
  readonly blobs: readonly { readonly digest: string; readonly size: number; readonly repository: string }[]
  readonly uniqueBytes: number
  /** bytes that a tool copies if it looks at one image at a time */
  readonly countedBytes: number
}

const MB = 1_000_000

/**
 * Layers that images share (sizes in MB), and the images that use them. The proportions are those of release 2022.11.3.
 */
const BASES: readonly { readonly name: string; readonly size: number; readonly under: RegExp }[] = [
  { name: 'alpine', size: 3, under: /gitpod-core-dev/ },
  {
    name: 'go-base',
    size: 12,
    under: /build\/(?!ide\/|server|ws-manager-bridge|db-migrations|dashboard|ide-proxy|proxy)/,
  },
  {
    name: 'node-base',
    size: 45,
    under: /build\/(server|ws-manager-bridge|db-migrations|dashboard|ide-proxy|proxy):/,
  },
  { name: 'ide-base', size: 30, under: /build\/ide\// },
]

/** The image that takes longest: it has many layers, and some of them are large. */
const LARGE = /workspace-full/
const LARGE_LAYERS = [141, 72, 51, 38, 31, 26, 21, 17, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]

const MULTI_ARCH = /docker\.io\/library\/|kube-rbac-proxy/
const AMD64: Platform = { os: 'linux', architecture: 'amd64' }
const ARM64: Platform = { os: 'linux', architecture: 'arm64', variant: 'v8' }

/**
 * Fills a registry with 62 images under the names of a release. Their bytes are pseudo-random and do not compress; they
 * are the same in each run. @param scale factor for all sizes, for quick runs
 */
export async function stockRelease(registry: Registry, scale: number): Promise<Stock> {
  const text = await readFile(new URL('release-images.txt', import.meta.url), 'utf8')
  const references = text.split('\n').filter(Boolean)
  const home = new Map<string, { size: number; repository: string }>()
  const layerOf = layerMaker(scale)
  let countedBytes = 0
  for (const [index, reference] of references.entries()) {
    const image = imageOf(reference, index, layerOf)
    const repository = repositoryOf(reference)
    for (const { digest, bytes } of image.blobs) {
      countedBytes += bytes.length
      const known = home.get(digest)
      if (!known) {
        await pushBlob(registry.url, repository, { digest, bytes })
        home.set(digest, { size: bytes.length, repository })
      } else if (known.repository !== repository)
        await mountBlob(registry.url, repository, digest, known.repository)
    }
    for (const { manifest } of image.children)
      await pushManifest(registry.url, repository, manifest.digest, manifest)
    await pushManifest(registry.url, repository, reference.slice(repository.length + 1), image.manifest)
  }
  const blobs = [...home].map(([digest, where]) => ({ digest, ...where }))
  return { references, blobs, countedBytes, uniqueBytes: blobs.reduce((total, { size }) => total + size, 0) }
}

/**
 * Fills a registry with one image that has one large layer. @param megabytes size of the layer; 1 MB is 1,000,000 bytes
 */
export async function stockLayer(registry: Registry, megabytes: number): Promise<Stock> {
  const reference = 'docker.io/library/large:1'
  const image = makeImage([pseudoRandomLayer('large', megabytes * MB)])
  const repository = repositoryOf(reference)
  for (const blob of image.blobs) await pushBlob(registry.url, repository, blob)
  await pushManifest(registry.url, repository, '1', image.manifest)
  const blobs = image.blobs.map(({ digest, bytes }) => ({ digest, size: bytes.length, repository }))
  const uniqueBytes = blobs.reduce((total, { size }) => total + size, 0)
  return { references: [reference], blobs, countedBytes: uniqueBytes, uniqueBytes }
}

function imageOf(reference: string, index: number, layerOf: (name: string, size: number) => Layer): Image {
  const format = index % 2 === 0 ? 'docker' : 'oci'
  const bases = BASES.filter(({ under }) => under.test(reference)).map(({ name, size }) =>
    layerOf(name, size),
  )
  const own = ownSizes(reference, index).map((size, nth) => layerOf(`${reference}#${nth}`, size))
  // A label makes each config a blob of its own, as build dates do in real images.
  const image = makeImage([...bases, ...own], format, AMD64, { reference })
  if (!MULTI_ARCH.test(reference)) return image
  const arm = makeImage([layerOf(`${reference}#arm64`, 3)], format, ARM64, { reference })
  return makeIndex(
    [
      [AMD64, image],
      [ARM64, arm],
    ],
    format,
  )
}

/** Sizes in MB of the layers that only this image has. */
function ownSizes(reference: string, index: number): number[] {
  if (LARGE.test(reference)) return LARGE_LAYERS
  if (/\/ide\//.test(reference)) return [14 + (index % 5), 2]
  return [5 + (index % 7), 0.3]
}

function layerMaker(scale: number): (name: string, megabytes: number) => Layer {
  const shared = new Map(BASES.map(({ name }) => [name, undefined as Layer | undefined]))
  return (name, megabytes) => {
    const layer = shared.get(name) ?? pseudoRandomLayer(name, Math.ceil(megabytes * MB * scale))
    if (shared.has(name)) shared.set(name, layer)
    return layer
  }
}

/**
 * Makes a layer that is no tar, because no test unpacks it. The key stream of a cipher is the fastest source of such
 * bytes.
 */
export function pseudoRandomLayer(name: string, size: number): Layer {
  const key = createHash('sha256').update(name).digest()
  const bytes = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16)).update(
    Buffer.alloc(size),
  )
  return { bytes, diffId: `sha256:${key.toString('hex')}` }
}

/** The reference without the tag, which follows the last colon. */
export function repositoryOf(reference: string): string {
  return reference.slice(0, reference.lastIndexOf(':'))
}
