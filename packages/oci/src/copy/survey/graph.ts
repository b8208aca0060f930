import type { Context } from '../../context.ts'
import { allSettledOrThrow } from '../../limiter.ts'
import { GpregError, isGpregError } from '../../errors.ts'
import { isForeignLayer, isManifestType, type Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import { childrenOf, type ManifestNode } from '../../model/manifest.ts'
import type { Call, ReadableRepository } from '../../store/content.ts'
import { readManifest, type ManifestReader } from '../../store/manifest-reader.ts'
import type { EngineOptions } from './item.ts'

/** Everything below a root: what must be there for the image to be whole. */
export interface ImageGraph {
  readonly root: Descriptor
  /** children before parents; the root is last */
  readonly manifests: readonly ManifestNode[]
  /** configs and layers, each once */
  readonly blobs: readonly Descriptor[]
  /** Layers that registries do not store; their bytes stay at their `urls`. */
  readonly foreign: readonly Descriptor[]
}

/** Deepest nesting of indexes that is followed; real images have one or two levels. */
const MAX_DEPTH = 8

/** Walks from a root to its leaves. */
export async function readGraph(
  repository: ReadableRepository,
  root: Descriptor | ManifestNode,
  read: ManifestReader = readManifest,
  call: Call = {},
): Promise<ImageGraph> {
  const manifests = new Map<Digest, ManifestNode>()
  const blobs = new Map<Digest, Descriptor>()
  const foreign = new Map<Digest, Descriptor>()

  const visit = async (node: ManifestNode, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH)
      throw new GpregError('manifest-invalid', `indexes are nested deeper than ${MAX_DEPTH}`, {
        digest: node.descriptor.digest,
      })
    const children = childrenOf(node.manifest)
    // An index may list blobs, too: BuildKit keeps the layers of its cache so.
    const isBelow = (child: Descriptor) => node.manifest.kind === 'index' && isManifestType(child.mediaType)
    const unread = new Map<Digest, Descriptor>()
    for (const child of children) {
      const into = isBelow(child) ? unread : isForeignLayer(child) ? foreign : blobs
      if (!manifests.has(child.digest)) into.set(child.digest, child)
    }
    const nodes = await allSettledOrThrow(
      [...unread.values()].map(child => read(repository, child, call).catch(throwSparse)),
    )
    for (const child of nodes) await visit(child, depth + 1)
    manifests.set(node.descriptor.digest, node)
  }

  const top = 'manifest' in root ? root : await read(repository, assertManifest(root), call)
  await visit(top, 1)
  return {
    root: top.descriptor,
    manifests: [...manifests.values()],
    blobs: [...blobs.values()],
    foreign: [...foreign.values()],
  }
}

/** Tells which layers of an image are left out, where their bytes are, and what could be done. */
export function warnOfForeignLayers(
  image: string,
  { foreign }: ImageGraph,
  { foreignLayers = false }: EngineOptions,
  { emit }: Context,
): void {
  const hosts = [...new Set(foreign.flatMap(({ urls = [] }) => urls.map(url => URL.parse(url)?.host ?? url)))]
  const where = hosts.length === 0 ? '' : ` (${hosts.slice(0, 3).join(', ')})`
  const why = foreignLayers
    ? 'the source does not have them'
    : 'take them along, if the source has them, with --foreign-layers'
  const message = `${image} has ${foreign.length} foreign layers; they are not copied and stay where their urls say${where}: ${why}`
  emit({ type: 'warning', code: 'foreign-layer', message, subject: { reference: image } })
}

function throwSparse(error: unknown): never {
  if (!isGpregError(error, 'not-found')) throw error
  throw error.with({
    hint: 'the index lists a manifest that is not there, as a sparse index does; take only platforms that are there with --platform OS/ARCH',
  })
}

function assertManifest(descriptor: Descriptor): Descriptor {
  if (isManifestType(descriptor.mediaType)) return descriptor
  throw new GpregError('manifest-unsupported', `${descriptor.mediaType} is not an image manifest or index`, {
    digest: descriptor.digest,
    hint: 'gpreg copies OCI and Docker schema 2 images, indexes and artifacts',
  })
}
