import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import { GpregError, unlessMissing } from '../errors.ts'
import { descriptorOf, parseManifest, type Manifest, type ManifestNode } from '../model/manifest.ts'
import { isNamedReader } from './capabilities.ts'
import type { Call, ReadableRepository } from './content.ts'
import { fetchBytes } from './verify.ts'

/** Reads a manifest. A reader may cache, because several images may share a manifest. */
export type ManifestReader = (
  repository: ReadableRepository,
  descriptor: Descriptor,
  call: Call,
) => Promise<ManifestNode>

export const readManifest: ManifestReader = async (repository, descriptor, call) => {
  const bytes = await fetchBytes(repository, descriptor, call)
  const manifest = parseManifest(bytes, descriptor.mediaType, { digest: descriptor.digest })
  // An index entry may name another type than its manifest has; registries want that of the manifest.
  return { descriptor: { ...descriptor, mediaType: manifest.mediaType }, bytes, manifest }
}

/** The manifest of a name if the store reads it in one request, else its descriptor. */
export async function readNamed(
  repository: ReadableRepository,
  tagOrDigest: string,
  call: Call,
): Promise<Descriptor | ManifestNode> {
  return isNamedReader(repository)
    ? repository.readNamed(tagOrDigest, call)
    : repository.resolve(tagOrDigest, call)
}

/**
 * The descriptor behind a name that a source is expected to have. Some caches fetch an image when it is asked for with GET, and say to
 * HEAD that it is not there.
 */
export async function resolveNamed(
  repository: ReadableRepository,
  tagOrDigest: string,
  call: Call,
): Promise<Descriptor> {
  const found = await unlessMissing(() => repository.resolve(tagOrDigest, call))
  return found ?? descriptorOf(await readNamed(repository, tagOrDigest, call))
}

/** A reader that reads each digest once. Its memory is bounded by the size limit of manifests and the number of images. */
export function cachingReader(read: ManifestReader = readManifest): ManifestReader {
  const known = new Map<Digest, Promise<ManifestNode>>()
  return (repository, descriptor, call) => {
    const found = known.get(descriptor.digest)
    if (found !== undefined) return found
    const pending = read(repository, descriptor, call)
    known.set(descriptor.digest, pending)
    // A failed read is forgotten, because another repository may have the manifest.
    pending.catch(() => known.delete(descriptor.digest))
    return pending
  }
}

/** A manifest of an image without its bytes. */
class BareManifest implements ManifestNode {
  readonly descriptor: Descriptor
  readonly manifest: Manifest

  constructor({ descriptor, manifest }: ManifestNode) {
    this.descriptor = descriptor
    this.manifest = manifest
  }

  get bytes(): never {
    throw new GpregError('bug', `the bytes of ${this.descriptor.digest} were not kept`)
  }
}

/**
 * Lets the bytes of a manifest go, for a plan that is only described: they take as much memory as all else of it. Those of an index
 * stay, because a platform filter makes a new index of them.
 */
export function withoutBytes<T extends Descriptor | ManifestNode>(read: T): T | ManifestNode {
  return 'manifest' in read && read.manifest.kind === 'manifest' ? new BareManifest(read) : read
}
