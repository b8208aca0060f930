import {
  childrenOf,
  isGpregError,
  type Descriptor,
  type Digest,
  type ManifestNode,
  type ReadableRepository,
} from '@gpreg/oci'
import { isManifestType, mapLimited, type Call, type ManifestReader } from '@gpreg/oci/engine'

export type { ManifestNode }

/** Manifests by digest. */
export type Manifests = ReadonlyMap<Digest, ManifestNode>

/** Requests that run at the same time. */
const LOOKS_AT_ONCE = 16

/**
 * Reads manifests with all manifests below them. A missing one is left out.
 * @throws if one cannot be read, or if a missing one may have manifests below it
 */
export async function walk(
  repository: ReadableRepository,
  roots: Iterable<Descriptor>,
  read: ManifestReader,
  call: Call,
): Promise<Map<Digest, ManifestNode>> {
  const found = new Map<Digest, ManifestNode>()
  const seen = new Set<Digest>()
  let next = [...roots]
  for (let isRoot = true; next.length > 0; isRoot = false) {
    const level = [...new Map(next.map(each => [each.digest, each])).values()]
    const unseen = level.filter(({ digest }) => !seen.has(digest))
    for (const { digest } of unseen) seen.add(digest)
    const nodes = await mapLimited(unseen, LOOKS_AT_ONCE, async descriptor => {
      try {
        return [await read(repository, descriptor, call)]
      } catch (error) {
        // An index may leave out platforms. What such an image would need is only blobs, and those are never deleted.
        const isLeaf = !isRoot && !/index|list/.test(descriptor.mediaType)
        if (isLeaf && isGpregError(error, 'not-found')) return []
        throw error
      }
    })
    for (const node of nodes.flat()) found.set(node.descriptor.digest, node)
    next = nodes.flat().flatMap(manifestsBelow)
  }
  return found
}

/** As {@link walk}, but what cannot be read is left out: for content that is to go. */
export async function walkReadable(
  repository: ReadableRepository,
  roots: Iterable<Descriptor>,
  read: ManifestReader,
  call: Call,
): Promise<Map<Digest, ManifestNode>> {
  const found = new Map<Digest, ManifestNode>()
  const queue = [...roots]
  const seen = new Set<Digest>()
  for (let descriptor; (descriptor = queue.shift()) !== undefined;) {
    if (seen.has(descriptor.digest)) continue
    seen.add(descriptor.digest)
    const node = await readIfThere(repository, descriptor, read, call)
    if (node === undefined) continue
    found.set(node.descriptor.digest, node)
    queue.push(...manifestsBelow(node))
  }
  return found
}

async function readIfThere(
  repository: ReadableRepository,
  descriptor: Descriptor,
  read: ManifestReader,
  call: Call,
): Promise<ManifestNode | undefined> {
  try {
    return await read(repository, descriptor, call)
  } catch (error) {
    if (isGpregError(error) && error.code !== 'aborted') return undefined
    throw error
  }
}

export function manifestsBelow({ manifest }: Pick<ManifestNode, 'manifest'>): Descriptor[] {
  return manifest.kind === 'index'
    ? childrenOf(manifest).filter(({ mediaType }) => isManifestType(mediaType))
    : []
}

export function blobsBelow({ manifest }: Pick<ManifestNode, 'manifest'>): Descriptor[] {
  const isBlob = ({ mediaType }: Descriptor) => manifest.kind === 'manifest' || !isManifestType(mediaType)
  return childrenOf(manifest).filter(isBlob)
}
