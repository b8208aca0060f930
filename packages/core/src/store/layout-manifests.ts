import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import {
  childrenOf,
  describeReferrer,
  MAX_MANIFEST_BYTES,
  parseManifest,
  type Manifest,
} from '../model/manifest.ts'
import { blobPath, onDisk, readFrom, sizeOf } from './layout-files.ts'

/** Which manifests speak about which, by subject. */
export type ReferrerIndex = Map<Digest, readonly Descriptor[]>

/** Reads every manifest of a layout once: its index knows only those with names. */
export async function scanReferrers(root: string): Promise<ReferrerIndex> {
  const referrers: ReferrerIndex = new Map()
  for await (const { descriptor, manifest } of manifestsOf(root)) {
    if (manifest.subject === undefined) continue
    addReferrer(referrers, manifest.subject.digest, describeReferrer(descriptor, manifest))
  }
  return referrers
}

/** The first manifest found that content is a child of. */
export async function parentOf(root: string, child: Digest): Promise<Digest | undefined> {
  for await (const { descriptor, manifest } of manifestsOf(root)) {
    if (childrenOf(manifest).some(({ digest }) => digest === child)) return descriptor.digest
  }
  return undefined
}

async function* manifestsOf(root: string): AsyncGenerator<{ descriptor: Descriptor; manifest: Manifest }> {
  for (const algorithm of ['sha256', 'sha512']) {
    for (const name of await namesIn(join(root, 'blobs', algorithm))) {
      const digest = `${algorithm}:${name}`
      const manifest = isDigest(digest) ? await readManifestFile(root, digest) : undefined
      if (manifest === undefined || !isDigest(digest)) continue
      const size = (await sizeOf(blobPath(root, digest))) ?? 0
      yield { descriptor: { mediaType: manifest.mediaType, digest, size }, manifest }
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return onDisk(folder, async () => {
    try {
      return await readdir(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
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
