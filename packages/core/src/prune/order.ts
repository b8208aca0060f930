import type { Digest } from '@gpreg/oci'
import { cosignTags, fallbackTag } from '@gpreg/oci/engine'
import { manifestsBelow, type ManifestNode, type Manifests } from './walk.ts'

/**
 * The order in which manifests are deleted: what names another one goes before it, because registries refuse to delete what is
 * still named. So an index goes before its platforms, and a list of signatures before the signatures before the image.
 * @param tags tags by the digest that they point at
 */
export function deletionOrder(
  manifests: Manifests,
  tags: ReadonlyMap<Digest, readonly string[]>,
): ManifestNode[] {
  const byTag = new Map(
    [...manifests.keys()].flatMap(digest =>
      [fallbackTag(digest), ...cosignTags(digest)].map(tag => [tag, digest] as const),
    ),
  )
  const ordered: ManifestNode[] = []
  const seen = new Set<Digest>()
  const visit = (node: ManifestNode): void => {
    const { digest } = node.descriptor
    if (seen.has(digest)) return
    seen.add(digest)
    const { subject } = node.manifest
    const subjects = (tags.get(digest) ?? []).flatMap(tag => byTag.get(tag) ?? [])
    const named = [
      ...manifestsBelow(node).map(each => each.digest),
      ...(subject ? [subject.digest] : []),
      ...subjects,
    ]
    for (const each of named) {
      const below = manifests.get(each)
      if (below !== undefined) visit(below)
    }
    ordered.push(node)
  }
  for (const node of manifests.values()) visit(node)
  return ordered.reverse()
}
