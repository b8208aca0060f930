import { z } from 'zod'
import { type Descriptor, type Digest, formatReference } from '@gpreg/oci'
import { isRepository } from '@gpreg/oci/engine'
import type { ImageEntry, LockedImage, LockedReferrer, Purpose } from '../gitpod/image-set.ts'
import { referenceAt } from '../input.ts'
import { by, defineDocument, digestShape, documentShape, formatDocument, type Refuse } from './document.ts'

/** `gpreg.lock.json`: an image set resolved to digests and sizes at one moment. One entry per source, sorted. */
export interface Lock {
  readonly kind: 'Lock'
  readonly version: 1
  /** ISO 8601 */
  readonly created: string
  readonly images: readonly LockEntry[]
  /** In the lock of a differential bundle: the blobs that it leaves out, because a receipt says that the target has them. */
  readonly base?: LockBase
}

export interface LockBase {
  /** digest of the receipt */
  readonly receipt: Digest
  /** when the receipt was written, ISO 8601 */
  readonly created: string
  readonly blobs: readonly HeldBlob[]
}

/** A blob that a target holds. */
export interface HeldBlob {
  readonly digest: Digest
  readonly size: number
  /** a repository that has the blob, below the prefix of the target */
  readonly repository: string
  /** the bundle that the blob came with, if known */
  readonly bundle?: string
}

export interface LockEntry extends LockedImage {
  /** normalised reference */
  readonly source: string
  /** The target of the image when the lock was made; used only if no `--to` is given. */
  readonly target?: string
  /** In the lock of a bundle: the names of the image in the bundle, e.g. `library/redis:6.2`. */
  readonly paths?: readonly string[]
  readonly purpose: Purpose
  readonly origins: readonly string[]
}

const VERSION = 1
const bytes = z.number().int().min(0)
const descriptor = { digest: digestShape, mediaType: z.string().min(1), size: bytes }

/** {@link HeldBlob} */
export const heldBlobShape = z.object({
  digest: digestShape,
  size: bytes,
  repository: z.string().refine(isRepository, 'not a repository'),
  bundle: z.string().exactOptional(),
})

/** {@link Verified} */
export const signerShape = z.discriminatedUnion('by', [
  z.object({ by: z.literal('key'), key: digestShape }),
  z.object({ by: z.literal('identity'), identity: z.string(), issuer: z.string() }),
])

const lockDocument = documentShape('Lock', VERSION, {
  created: z.iso.datetime(),
  images: z.array(
    z.object({
      source: z.string(),
      target: z.string().exactOptional(),
      paths: z.array(z.string()).exactOptional(),
      ...descriptor,
      bytes,
      filtered: z.object({ platforms: z.array(z.string()).min(1), digest: digestShape }).exactOptional(),
      verified: signerShape.exactOptional(),
      purpose: z.enum(['components', 'workspace-base']),
      origins: z.array(z.string()),
      referrers: z.array(
        z.object({
          subject: digestShape,
          ...descriptor,
          artifactType: z.string().exactOptional(),
          tag: z.string().exactOptional(),
        }),
      ),
    }),
  ),
  base: z
    .object({ receipt: digestShape, created: z.iso.datetime(), blobs: z.array(heldBlobShape) })
    .exactOptional(),
})

const reader = defineDocument({
  noun: 'a lock',
  version: VERSION,
  shape: lockDocument,
  check: ({ images }) => {
    const twice = firstTwice(images.map(({ source }) => source))
    return twice && `it has ${twice} twice`
  },
  hint: 'make a new one with gpreg lock',
})

/** The lock entry of an image that was read. */
export function lockedImage(
  { mediaType, digest, size }: Descriptor,
  blobs: readonly Descriptor[],
  referrers: readonly FoundReferrer[],
): LockedImage {
  const bytes = blobs.reduce((sum, blob) => sum + blob.size, 0)
  return { mediaType, digest, size, bytes, referrers: referrers.map(lockedReferrer) }
}

/** A referrer as the engine finds it. */
interface FoundReferrer {
  readonly descriptor: Descriptor
  readonly subject: Digest
  readonly tag?: string
}

function lockedReferrer({ descriptor, subject, tag }: FoundReferrer): LockedReferrer {
  const { mediaType, digest, size, artifactType } = descriptor
  return {
    mediaType,
    digest,
    size,
    subject,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(tag === undefined ? {} : { tag }),
  }
}

export function createLock(
  locked: readonly {
    readonly entry: ImageEntry
    readonly image: LockedImage
    /** names in a bundle */
    readonly paths?: readonly string[]
  }[],
  created: Date,
): Lock {
  const images = locked.map(({ entry: { source, target, purpose, origins }, image, paths }) => ({
    source: formatReference(source),
    ...(target === undefined ? {} : { target: formatReference(target) }),
    ...(paths === undefined ? {} : { paths }),
    purpose,
    origins,
    ...image,
  }))
  return { kind: 'Lock', version: VERSION, created: created.toISOString(), images }
}

/** The text of a lock. Keys, images, origins and referrers have a fixed order, so that line by line comparison works. */
export function writeLock({ created, images, base }: Lock): string {
  const document: Lock = {
    kind: 'Lock',
    version: VERSION,
    created,
    images: images.map(orderEntry).toSorted(by(image => image.source)),
    ...(base === undefined ? {} : { base: { ...base, blobs: base.blobs.toSorted(by(blob => blob.digest)) } }),
  }
  return formatDocument(document)
}

/**
 * @param path the name of the document in messages
 * @param refuse makes the error for an invalid lock; default: `input-invalid`
 * @throws `input-invalid`
 */
export function readLock(text: string, path = 'the lock', refuse?: Refuse): Lock {
  return reader.parse(text, path, refuse)
}

/**
 * The images of a lock as entries of an image set.
 * @throws `reference-invalid`
 */
export function lockToEntries({ images }: Lock, path = 'the lock'): ImageEntry[] {
  return images.map(({ source, target, purpose, origins, paths: _, ...locked }) => ({
    source: referenceAt(source, path),
    ...(target === undefined ? {} : { target: referenceAt(target, path) }),
    purpose,
    origins,
    locked,
  }))
}

function firstTwice(sources: readonly string[]): string | undefined {
  const known = new Set<string>()
  return sources.find(source => known.size === known.add(source).size)
}

function orderEntry(entry: LockEntry): LockEntry {
  const { source, target, paths, digest, mediaType, size, bytes } = entry
  const { filtered, verified, purpose, origins, referrers } = entry
  return {
    source,
    ...(target === undefined ? {} : { target }),
    ...(paths === undefined ? {} : { paths: paths.toSorted() }),
    digest,
    mediaType,
    size,
    bytes,
    ...(filtered === undefined
      ? {}
      : { filtered: { platforms: filtered.platforms.toSorted(), digest: filtered.digest } }),
    ...(verified === undefined ? {} : { verified }),
    purpose,
    origins: origins.toSorted(),
    referrers: referrers.map(orderReferrer).toSorted(by(({ subject, digest }) => `${subject} ${digest}`)),
  }
}

function orderReferrer({
  subject,
  digest,
  mediaType,
  size,
  artifactType,
  tag,
}: LockedReferrer): LockedReferrer {
  return {
    subject,
    digest,
    mediaType,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(tag === undefined ? {} : { tag }),
  }
}
