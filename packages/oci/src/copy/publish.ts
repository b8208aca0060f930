import { allSettledOrThrow } from '../limiter.ts'
import { isConfirmed, isRefusal, unlessAborted, type GpregError } from '../errors.ts'
import { isForeignLayer, type Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import { childrenOf } from '../model/manifest.ts'
import { contentFrom, type Call, type Repository } from '../store/content.ts'
import type { ManifestNode } from '../model/manifest.ts'
import type { ImageGraph } from './survey/graph.ts'
import type { FailedReferrer } from './survey/item.ts'
import type { ReferrerGraph } from './survey/survey-referrers.ts'

export interface Publication {
  readonly repository: Repository
  readonly image: ImageGraph
  readonly referrers: readonly ReferrerGraph[]
  readonly requireReferrers: boolean
  /** Manifests that the repository has already. */
  readonly stored: ReadonlySet<Digest>
  /** The tag points at the image already. */
  readonly isTagged: boolean
  readonly tag: string | undefined
  readonly call: Call
  /** Sends a blob to the repository again. */
  resend(descriptor: Descriptor): Promise<void>
}

/**
 * Writes the manifests of an image after its blobs: children before parents, referrers after their subjects, the tag last,
 * because the tag says that the image is whole.
 * @returns the referrers that the target did not take
 */
export async function publishImage(publication: Publication): Promise<readonly FailedReferrer[]> {
  const { image, referrers, tag } = publication
  const root = image.manifests.at(-1)!
  await putAll(publication, image.manifests.slice(0, -1))
  if (tag === undefined || referrers.length > 0) await putAll(publication, [root])
  const failed: FailedReferrer[] = []
  for (const { referrer, graph } of referrers) {
    try {
      await putAll(publication, graph.manifests.slice(0, -1))
      const top = graph.manifests.at(-1)!
      if (referrer.tag === undefined) await putAll(publication, [top])
      else await put(publication, top, referrer.tag)
    } catch (thrown) {
      const error = unlessAborted(thrown)
      if (publication.requireReferrers) throw error
      failed.push({ referrer, error })
    }
  }
  const isThere = publication.isTagged && publication.stored.has(root.descriptor.digest)
  if (tag !== undefined && !isThere) await put(publication, root, tag)
  return failed
}

async function putAll(publication: Publication, nodes: readonly ManifestNode[]): Promise<void> {
  for (const node of nodes) if (!publication.stored.has(node.descriptor.digest)) await put(publication, node)
}

/** If the registry misses content that it claimed to have, that content is sent and the manifest is put once more. */
async function put(publication: Publication, node: ManifestNode, tag?: string): Promise<void> {
  try {
    await write(publication, node, tag)
  } catch (thrown) {
    const error = explain(unlessAborted(thrown), node, publication.image)
    if (error.code !== 'blob-unknown') throw error
    await heal(publication, node, error)
    try {
      await write(publication, node, tag)
    } catch (again) {
      throw explain(unlessAborted(again), node, publication.image)
    }
  }
}

async function write(
  { repository, call }: Publication,
  { descriptor, bytes }: ManifestNode,
  tag: string | undefined,
): Promise<void> {
  if (tag === undefined) await repository.push(descriptor, contentFrom(bytes), call)
  else await repository.tag(tag, descriptor, bytes, call)
}

/** Names what a registry may have refused, if the document has something that some registries refuse. */
function explain(error: GpregError, { manifest }: ManifestNode, image: ImageGraph): GpregError {
  if (!isRefusal(error) && error.code !== 'server-error' && error.code !== 'blob-unknown') return error
  if (manifest.kind === 'manifest' && manifest.layers.some(isForeignLayer))
    return error.with({
      hint: 'it has foreign layers, whose urls this registry may not allow (CNCF distribution: validation.manifests.urls.allow); leave its platform out with --platform, e.g. --platform linux/amd64',
    })
  const types = new Map(image.manifests.map(({ descriptor }) => [descriptor.digest, descriptor.mediaType]))
  const odd = manifest.kind === 'index' && manifest.manifests.find(entry => isOtherType(entry, types))
  if (!odd) return error
  return error.with({
    hint: `its entry ${odd.digest} says ${odd.mediaType}, but that manifest is ${types.get(odd.digest)}; have the image built again, or leave that platform out with --platform`,
  })
}

function isOtherType({ digest, mediaType }: Descriptor, types: ReadonlyMap<Digest, string>): boolean {
  return types.has(digest) && types.get(digest) !== mediaType
}

async function heal(publication: Publication, node: ManifestNode, cause: GpregError): Promise<void> {
  if (node.manifest.kind === 'index') throw cause
  const children = childrenOf(node.manifest).filter(child => !isForeignLayer(child))
  const there = await allSettledOrThrow(
    children.map(child => isConfirmed(() => publication.repository.exists(child, publication.call))),
  )
  const missing = children.filter((_, index) => !there[index])
  // A registry that claims to have everything and still refuses the manifest is sent everything.
  for (const child of missing.length > 0 ? missing : children) await publication.resend(child)
}
