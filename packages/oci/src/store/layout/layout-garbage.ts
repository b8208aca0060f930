import { GpregError, throwIfAborted } from '../../errors.ts'
import { isManifestType } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import { assertManifestSize, childrenOf, parseManifest, type Manifest } from '../../model/manifest.ts'
import type { Call } from '../content.ts'
import { verified } from '../verify.ts'
import { DirectoryContent } from './layout-directory.ts'
import { sizeOf, blobPath } from './layout-files.ts'
import { LayoutIndex } from './layout-index.ts'
import { scanReferrers } from './layout-manifests.ts'

/** Content of a layout that no name of its index reaches. */
export interface Garbage {
  readonly digests: readonly Digest[]
  /** of all of it */
  readonly bytes: number
  /** number of blobs and manifests that stay */
  readonly kept: number
}

/**
 * Finds the content that nothing in a layout reaches: neither a name, nor a manifest below one, nor a signature or another referrer
 * of those. The caller must hold a claim on the layout.
 * @throws `input-invalid` if a manifest that stays cannot be read, because what it needs is unknown then
 */
export async function findGarbage(root: string, call: Call = {}): Promise<Garbage> {
  const content = new DirectoryContent(root)
  const index = await LayoutIndex.read(root)
  const referrers = await scanReferrers(content)
  const reached = new Set<Digest>()
  const queue = index.entries().map(({ digest }) => ({ digest, isManifest: true }))
  for (let next; (next = queue.shift()) !== undefined;) {
    if (reached.has(next.digest)) continue
    reached.add(next.digest)
    if (!next.isManifest) continue
    const manifest = await readReached(content, next.digest, call)
    for (const { digest, mediaType } of manifest === undefined ? [] : childrenOf(manifest))
      queue.push({ digest, isManifest: manifest?.kind === 'index' && isManifestType(mediaType) })
    for (const { digest } of referrers.get(next.digest) ?? []) queue.push({ digest, isManifest: true })
  }
  const digests: Digest[] = []
  let [bytes, kept] = [0, 0]
  for await (const digest of content.digests()) {
    if (reached.has(digest)) {
      kept++
      continue
    }
    digests.push(digest)
    bytes += (await sizeOf(blobPath(root, digest))) ?? 0
  }
  return { digests, bytes, kept }
}

/** Deletes what was found. */
export async function deleteGarbage(
  root: string,
  { digests }: Garbage,
  { signal }: Call = {},
): Promise<void> {
  const content = new DirectoryContent(root)
  for (const digest of digests) {
    throwIfAborted(signal)
    await content.delete(digest)
  }
}

/** The manifest; undefined if the layout does not have it. */
async function readReached(
  content: DirectoryContent,
  digest: Digest,
  { signal }: Call,
): Promise<Manifest | undefined> {
  const size = await content.size(digest)
  if (size === undefined) return undefined
  try {
    assertManifestSize(size, { digest })
    const chunks: Uint8Array[] = []
    const descriptor = { mediaType: '', digest, size }
    for await (const chunk of verified(content.read(digest, 0, signal), descriptor)) chunks.push(chunk)
    return parseManifest(Buffer.concat(chunks), undefined)
  } catch (cause) {
    throwIfAborted(signal)
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GpregError('input-invalid', `${digest} in ${content.location} cannot be read: ${why}`, {
      path: content.location,
      digest,
      cause,
      hint: 'what it needs is unknown, so nothing was removed; mend it first, or remove its name',
    })
  }
}
