import type { Context } from '../context.ts'
import { unlessAborted, unlessMissing } from '../errors.ts'
import { digestHex, type Digest } from '../model/digest.ts'
import type { ManifestNode } from '../model/manifest.ts'
import type { Call, ReadableRepository, Repository } from '../store/content.ts'

/**
 * The tag that an image named by digest alone gets at a registry. Without any tag, a garbage collection takes the image. `sha256-<hex>`
 * is the tag of its list of referrers.
 */
export function digestTag(digest: Digest): string {
  return `gpreg-${digestHex(digest).slice(0, 64)}`
}

/** Whether the tag is there, or cannot be had because it points at something else. */
export async function hasDigestTag(
  repository: ReadableRepository,
  digest: Digest,
  call: Call,
): Promise<boolean> {
  return (await unlessMissing(() => repository.resolve(digestTag(digest), call))) !== undefined
}

/**
 * Gives manifests their tags. A tag that points at something else stays, and a registry that refuses the tag is a warning, because
 * the image is there.
 * @param image its name in warnings
 */
export async function tagDigests(
  repository: Repository,
  nodes: readonly ManifestNode[],
  image: string,
  context: Context,
): Promise<void> {
  const call = { signal: context.signal }
  for (const { descriptor, bytes } of nodes) {
    try {
      if (await hasDigestTag(repository, descriptor.digest, call)) continue
      await repository.tag(digestTag(descriptor.digest), descriptor, bytes, call)
    } catch (thrown) {
      const error = unlessAborted(thrown)
      const message = `${image} has no tag, so a garbage collection of the registry may take it: ${error.message}; leave such tags out with --untagged`
      context.emit({ type: 'warning', code: 'digest-untagged', message, subject: error.subject })
      return
    }
  }
}
