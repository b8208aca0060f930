import type { Descriptor } from '../../model/descriptor.ts'
import { MediaType } from '../../model/descriptor.ts'
import { digestAlgorithm, digestHex, digestOf, type Digest } from '../../model/digest.ts'
import { byName, formatIndex, type IndexEntry } from '../layout/layout-content.ts'
import { encodeHeader, END, padded } from './tar-header.ts'

export const LOCK_NAME = 'gpreg.lock.json'

/** Where content goes, known before its first byte is. */
export interface Slot {
  readonly digest: Digest
  /** bytes of the content */
  readonly size: number
  /** What stands before the content. */
  readonly header: Buffer
  /** offset of the header in the archive */
  readonly offset: number
}

/** All of an archive but the content: the same lock makes the same plan. */
export interface TarPlan {
  /** What an OCI layout has beside its blobs, at the start of the archive. */
  readonly head: Buffer
  /** in the order of the archive, without gaps behind the head */
  readonly slots: readonly Slot[]
  /** names as `index.json` has them */
  readonly entries: readonly IndexEntry[]
  /** bytes of the archive, its end included */
  readonly size: number
  /** Tells archives apart: digest of the head and of all places. */
  readonly digest: Digest
}

export interface TarContents {
  /** text of `gpreg.lock.json` */
  readonly lock: string
  readonly entries: readonly IndexEntry[]
  readonly manifests: readonly Descriptor[]
  readonly blobs: readonly Descriptor[]
  /** time of every member, in milliseconds since the epoch */
  readonly created: number
}

/**
 * Places every member: the documents and manifests first, so that a reader finds them without seeking; then blobs, largest
 * first, which is the order in which they come, so that volumes can be hashed close behind.
 */
export function planTar({ lock, entries, manifests, blobs, created }: TarContents): TarPlan {
  const mtime = Math.floor(created / 1000)
  const sorted = entries.toSorted(byName)
  const index = formatIndex({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: sorted })
  const head = Buffer.concat(
    Object.entries({
      'oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }),
      [LOCK_NAME]: lock,
      'index.json': index,
    }).map(([name, text]) => document(name, Buffer.from(text), mtime)),
  )
  let offset = head.byteLength
  const slots = [...distinct(manifests).toSorted(byDigest), ...distinct(blobs).toSorted(bySize)].map(
    ({ digest, size }): Slot => {
      const header = encodeHeader({ name: memberName(digest), size, mtime })
      const slot = { digest, size, header, offset }
      offset += header.byteLength + padded(size)
      return slot
    },
  )
  const digest = digestOf(Buffer.concat([head, ...slots.map(slot => slot.header)]))
  return { head, slots, entries: sorted, size: offset + END, digest }
}

/** Where the content of a slot starts. */
export function contentStart({ offset, header }: Slot): number {
  return offset + header.byteLength
}

/** The first byte behind a slot. */
export function slotEnd(slot: Slot): number {
  return contentStart(slot) + padded(slot.size)
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

function byDigest(a: Descriptor, b: Descriptor): number {
  return a.digest < b.digest ? -1 : 1
}

function bySize(a: Descriptor, b: Descriptor): number {
  return b.size - a.size || byDigest(a, b)
}
