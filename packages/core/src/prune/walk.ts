import {
  childrenOf,
  isGpregError,
  type Descriptor,
  type Digest,
  type ManifestNode,
  type ReadableRepository,
} from '@gpreg/oci'
import { isManifestType, mapLimited, unlessMissing, type Call, type ManifestReader } from '@gpreg/oci/engine'

export type { ManifestNode }

/** Manifests by digest. */
export type Manifests = ReadonlyMap<Digest, ManifestNode>

/** Requests that run at the same time. */
export const LOOKS_AT_ONCE = 16

/**
 * Reads manifests with all manifests below them. A missing one is left out.
 * @throws if one cannot be read, or if a missing one may have manifests below it
 */
export function walk(
  repository: ReadableRepository,
  roots: Iterable<Descriptor>,
  read: ManifestReader,
  call: Call,
): Promise<Map<Digest, ManifestNode>> {
  return walkBy(roots, (descriptor, isRoot) => {
    const reading = () => read(repository, descriptor, call)
    // An index may leave out platforms. What such an image would need is only blobs, and those are never deleted.
    const isLeaf = !isRoot && !/index|list/.test(descriptor.mediaType)
    return isLeaf ? unlessMissing(reading) : reading()
  })
}

/** As {@link walk}, but what cannot be read is left out: for content that is to go. */
export function walkReadable(
  repository: ReadableRepository,
  roots: Iterable<Descriptor>,
  read: ManifestReader,
  call: Call,
): Promise<Map<Digest, ManifestNode>> {
  return walkBy(roots, async descriptor => {
    try {
      return await read(repository, descriptor, call)
    } catch (error) {
      if (isGpregError(error) && error.code !== 'aborted') return undefined
      throw error
    }
  })
}

/** Reads the roots, then level by level what is below them; each manifest once. */
async function walkBy(
  roots: Iterable<Descriptor>,
  read: (descriptor: Descriptor, isRoot: boolean) => Promise<ManifestNode | undefined>,
): Promise<Map<Digest, ManifestNode>> {
  const found = new Map<Digest, ManifestNode>()
  const seen = new Set<Digest>()
  let next = [...roots]
  for (let isRoot = true; next.length > 0; isRoot = false) {
    const level = [...new Map(next.map(each => [each.digest, each])).values()]
    const unseen = level.filter(({ digest }) => !seen.has(digest))
    for (const { digest } of unseen) seen.add(digest)
    const answers = await mapLimited(unseen, LOOKS_AT_ONCE, each => read(each, isRoot))
    const nodes = answers.filter(node => node !== undefined)
    for (const node of nodes) found.set(node.descriptor.digest, node)
    next = nodes.flatMap(manifestsBelow)
  }
  return found
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
