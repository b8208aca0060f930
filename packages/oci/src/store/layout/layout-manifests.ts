import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import {
  childrenOf,
  describeReferrer,
  MAX_MANIFEST_BYTES,
  parseManifest,
  type Manifest,
} from '../../model/manifest.ts'
import type { LayoutContent } from './layout-content.ts'

/** Referrers by their subject. */
export type ReferrerIndex = Map<Digest, readonly Descriptor[]>

export type ReadableContent = Pick<LayoutContent, 'size' | 'read' | 'digests'>

/** Finds all referrers by reading every manifest of a layout, because its index lists only manifests with names. */
export async function scanReferrers(content: ReadableContent): Promise<ReferrerIndex> {
  const referrers: ReferrerIndex = new Map()
  for await (const { descriptor, manifest } of manifestsOf(content)) {
    if (manifest.subject === undefined) continue
    addReferrer(referrers, manifest.subject.digest, describeReferrer(descriptor, manifest))
  }
  return referrers
}

/** The first manifest that has this child. */
export async function parentOf(content: ReadableContent, child: Digest): Promise<Digest | undefined> {
  for await (const { descriptor, manifest } of manifestsOf(content)) {
    if (childrenOf(manifest).some(({ digest }) => digest === child)) return descriptor.digest
  }
  return undefined
}

async function* manifestsOf(
  content: ReadableContent,
): AsyncGenerator<{ descriptor: Descriptor; manifest: Manifest }> {
  for await (const digest of content.digests()) {
    const manifest = await readManifestOf(content, digest)
    if (manifest === undefined) continue
    const size = (await content.size(digest)) ?? 0
    yield { descriptor: { mediaType: manifest.mediaType, digest, size }, manifest }
  }
}

export function addReferrer(referrers: ReferrerIndex, subject: Digest, descriptor: Descriptor): void {
  const list = referrers.get(subject) ?? []
  if (!list.some(({ digest }) => digest === descriptor.digest)) referrers.set(subject, [...list, descriptor])
}

/** Parses a blob as a manifest; undefined if it is none. Of layers only one chunk is read: they do not start with `{`. */
export async function readManifestOf(
  content: ReadableContent,
  digest: Digest,
): Promise<Manifest | undefined> {
  const size = await content.size(digest)
  if (size === undefined || size > MAX_MANIFEST_BYTES) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of content.read(digest, 0, undefined)) {
    if (chunks.length === 0 && !/^\s*\{/.test(Buffer.from(chunk.subarray(0, 16)).toString('latin1')))
      return undefined
    chunks.push(chunk)
  }
  try {
    return parseManifest(Buffer.concat(chunks), undefined)
  } catch {
    return undefined
  }
}
