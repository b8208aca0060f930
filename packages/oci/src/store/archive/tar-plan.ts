import { GpregError } from '../../errors.ts'
import { byDigest, bySize, MediaType, type Descriptor } from '../../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../../model/digest.ts'
import { digestOf } from '../../model/hash.ts'
import { byName, formatIndex, type IndexEntry } from '../layout/layout-content.ts'
import { MAX_DOCUMENT, MAX_INDEX } from '../layout/layout-files.ts'
import { encodeHeader, END, padded } from './tar-header.ts'
import { MAX_HEADERS } from './tar-members.ts'

/** The room for one blob, known before its first byte arrives. */
export interface Slot {
  readonly digest: Digest
  /** bytes of the content */
  readonly size: number
  /** tar header before the content */
  readonly header: Buffer
  /** offset of the header in the archive */
  readonly offset: number
}

/** Everything of an archive but the content. The same contents make the same plan. */
export interface TarPlan {
  /** Start of the archive: the documents of the OCI layout. */
  readonly head: Buffer
  /** in the order of the archive, directly behind the head */
  readonly slots: readonly Slot[]
  /** entries of `index.json` */
  readonly entries: readonly IndexEntry[]
  /** bytes of the archive, its end included */
  readonly size: number
  /** Identifies the archive: digest of the head and all headers. */
  readonly digest: Digest
}

export interface TarContents {
  /** Texts of more documents by their names; they come before `index.json`. */
  readonly documents: Readonly<Record<string, string>>
  readonly entries: readonly IndexEntry[]
  readonly manifests: readonly Descriptor[]
  readonly blobs: readonly Descriptor[]
  /** modification time of every member, milliseconds since the epoch */
  readonly created: number
}

/**
 * Assigns every member its offset. Documents and manifests come first, so that a reader finds them without seeking. Blobs follow,
 * largest first: that is the order of the copy, so that volumes can be hashed soon after they are written.
 * @throws `usage` for an archive that would not be read again
 */
export function planTar({ documents, entries, manifests, blobs, created }: TarContents): TarPlan {
  const mtime = Math.floor(created / 1000)
  const sorted = entries.toSorted(byName)
  const index = formatIndex({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: sorted })
  const members = [...distinct(manifests).toSorted(byDigest), ...distinct(blobs).toSorted(bySize)]
  // A member with a long name or many bytes has two headers.
  if (2 * members.length > MAX_HEADERS)
    throw tooLarge(`${members.length} manifests and blobs, and at most ${MAX_HEADERS / 2} are read`)
  for (const [name, text] of Object.entries(documents)) assertAtMost(MAX_DOCUMENT, text, name)
  assertAtMost(MAX_INDEX, index, 'index.json')
  const head = Buffer.concat(
    Object.entries({
      'oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }),
      ...documents,
      'index.json': index,
    }).map(([name, text]) => document(name, Buffer.from(text), mtime)),
  )
  let offset = head.byteLength
  const slots = members.map(({ digest, size }): Slot => {
    const header = encodeHeader({ name: memberName(digest), size, mtime })
    const slot = { digest, size, header, offset }
    offset += header.byteLength + padded(size)
    return slot
  })
  const digest = digestOf(Buffer.concat([head, ...slots.map(slot => slot.header)]))
  return { head, slots, entries: sorted, size: offset + END, digest }
}

/** The offset of the content of a slot. */
export function contentStart({ offset, header }: Slot): number {
  return offset + header.byteLength
}

/** The offset behind a slot. */
export function slotEnd(slot: Slot): number {
  return contentStart(slot) + padded(slot.size)
}

function assertAtMost(limit: number, text: string, name: string): void {
  const size = Buffer.byteLength(text)
  if (size > limit) throw tooLarge(`${size} bytes in ${name}, and at most ${limit} are read`)
}

/** The error for an archive beyond a limit of its readers. It is thrown before anything is written. */
function tooLarge(what: string): GpregError {
  return new GpregError('usage', `the archive would have ${what}`, {
    hint: 'put the images into several archives',
  })
}

function memberName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`
}

function document(name: string, bytes: Buffer, mtime: number): Buffer {
  const padding = Buffer.alloc(padded(bytes.byteLength) - bytes.byteLength)
  return Buffer.concat([encodeHeader({ name, size: bytes.byteLength, mtime }), bytes, padding])
}

function distinct(descriptors: readonly Descriptor[]): Descriptor[] {
  return [...new Map(descriptors.map(descriptor => [descriptor.digest, descriptor])).values()]
}
