import type { Descriptor } from '../../model/descriptor.ts'
import { isDigest } from '../../model/digest.ts'
import type { ManifestNode } from '../../model/manifest.ts'
import type { Call } from '../../store/content.ts'
import type { CopyItem } from './item.ts'
import { warnOfOtherPlatform } from '../platform/image-platform.ts'
import { assertMayFilter, filterPlatforms, unnamedPlatforms } from '../platform/platform-filter.ts'
import type { SurveyContext } from './survey-context.ts'

/** The root to copy. With a platform filter it is a new index, which a warning announces. */
export async function wantedRoot(
  item: CopyItem,
  offered: Descriptor | ManifestNode,
  { options, context, read }: SurveyContext,
  call: Call,
) {
  const platforms = options.platforms ?? item.platforms ?? []
  if (platforms.length === 0) return offered
  const node = 'manifest' in offered ? offered : await read(item.source.repository, offered, call)
  const { repository } = item.source
  if (node.manifest.kind === 'manifest') {
    await warnOfOtherPlatform(repository, node.manifest, { image: item.sourceName, platforms }, context)
    return node
  }
  const unnamed = await unnamedPlatforms(repository, node, read, call)
  const filtered = filterPlatforms(node, platforms, item.sourceName, unnamed)
  if (filtered === node) return node
  assertMayFilter(item.sourceName, isPinned(item))
  const message = `${item.targetName} gets an index of its own, ${filtered.descriptor.digest} instead of ${node.descriptor.digest}: signatures of the whole index do not hold for it and are left out`
  context.emit({
    type: 'warning',
    code: 'platform-filtered',
    message,
    subject: { reference: item.targetName, digest: node.descriptor.digest },
  })
  return filtered
}

/** Whether the user named the image by digest. The digest of a lock is one that gpreg found out. */
function isPinned({ tag, reference, locked, sourceName }: CopyItem): boolean {
  if (tag === undefined) return true
  return isDigest(reference) && (locked === undefined || sourceName.includes('@'))
}
