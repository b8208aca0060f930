import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import { describeReferrer, MAX_MANIFEST_BYTES, parseManifest, type Manifest } from '../model/manifest.ts'
import { blobPath, readFrom, sizeOf } from './layout-files.ts'

/** Which manifests speak about which, by subject. */
export type ReferrerIndex = Map<Digest, readonly Descriptor[]>

/** Reads every manifest of a layout once: its index knows only those with names. */
export async function scanReferrers(root: string): Promise<ReferrerIndex> {
  const referrers: ReferrerIndex = new Map()
  for (const algorithm of ['sha256', 'sha512']) {
    const names = await readdir(join(root, 'blobs', algorithm)).catch(() => [])
    for (const name of names) {
      const digest = `${algorithm}:${name}`
      if (!isDigest(digest)) continue
      const manifest = await readManifestFile(root, digest)
      if (manifest?.subject === undefined) continue
      const size = (await sizeOf(blobPath(root, digest)))!
      addReferrer(
        referrers,
        manifest.subject.digest,
        describeReferrer({ mediaType: manifest.mediaType, digest, size }, manifest),
      )
    }
  }
  return referrers
}

export function addReferrer(referrers: ReferrerIndex, subject: Digest, descriptor: Descriptor): void {
  const list = referrers.get(subject) ?? []
  if (!list.some(({ digest }) => digest === descriptor.digest)) referrers.set(subject, [...list, descriptor])
}

/** A blob as a manifest, where it is one: layers are told apart by their first byte, without reading them. */
export async function readManifestFile(root: string, digest: Digest): Promise<Manifest | undefined> {
  const path = blobPath(root, digest)
  const size = await sizeOf(path)
  if (size === undefined || size > MAX_MANIFEST_BYTES) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of readFrom(path, 0, undefined)) {
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
