import { z } from 'zod'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import type { ByteStream, Content } from '../content.ts'
import { isDigest } from '../../model/digest.ts'

/** https://github.com/opencontainers/image-spec/blob/main/annotations.md */
export const REF_NAME = 'org.opencontainers.image.ref.name'

/** The whole name of an image, as containerd, Docker and BuildKit write it. */
const CONTAINERD_NAME = 'io.containerd.image.name'

/** Only the needed fields are checked; fields of other tools are kept. */
const entry = z.looseObject({
  mediaType: z.string(),
  digest: z.string().refine((text): text is Digest => isDigest(text), 'not a digest'),
  size: z.number().int().min(0),
  annotations: z.record(z.string(), z.string()).optional(),
})

/** `index.json` of a layout. https://github.com/opencontainers/image-spec/blob/main/image-layout.md#indexjson-file */
export const indexDocument = z.looseObject({
  schemaVersion: z.literal(2),
  manifests: z.array(entry).nullish(),
})

export type IndexEntry = z.output<typeof entry>
export type IndexDocument = z.output<typeof indexDocument>

/** The blobs of a layout, by digest: files of a directory, or members of a tar. */
export interface LayoutContent {
  /** Path of the layout, for messages. */
  readonly location: string
  /** Whether the content need not be sent: it is stored with its size, or the destination of the layout is known to have it. */
  has(descriptor: Descriptor): Promise<boolean>
  /** Size of stored content in bytes; undefined if it is not stored. */
  size(digest: Digest): Promise<number | undefined>
  /**
   * Bytes from an offset. They are not checked.
   * @throws `not-found`, `storage`
   */
  read(digest: Digest, offset: number, signal: AbortSignal | undefined): ByteStream
  digests(): AsyncIterable<Digest>
}

/** Stores blobs. Each is checked, and stored whole or not at all. */
export interface WritableContent extends LayoutContent {
  write(descriptor: Descriptor, content: Content, signal: AbortSignal | undefined): Promise<void>
}

/** The names of a layout. */
export interface LayoutNames {
  /** Looks for changes of other processes. Absent if there can be none. */
  refresh?(): Promise<void>
  entries(): readonly IndexEntry[]
}

export interface WritableNames extends LayoutNames {
  /** Points a name at a manifest. On disk when it returns. */
  set(name: string, descriptor: Descriptor): Promise<void>
}

/** An entry of `index.json` with a name. */
export function namedEntry(name: string, { mediaType, digest, size }: Descriptor): IndexEntry {
  return { mediaType, digest, size, annotations: { [REF_NAME]: name } }
}

/**
 * The name of an entry. `ctr export` and `docker save` write only the tag into {@link REF_NAME}, and the whole name beside it: by the
 * tag alone, all their `latest` would be one image. A whole name with another tag is not taken, because it was left by a renaming.
 */
export function nameOf({ annotations }: IndexEntry): string | undefined {
  const name = annotations?.[REF_NAME]
  const whole = annotations?.[CONTAINERD_NAME]
  return whole?.endsWith(`:${name}`) ? whole : name
}

/** Names that are only kept in memory: the head of an archive has them already, and a directory gets them when its content is there. */
export class HeldNames implements WritableNames {
  readonly named = new Map<string, Descriptor>()
  #entries: readonly IndexEntry[] | undefined

  entries(): readonly IndexEntry[] {
    return (this.#entries ??= [...this.named].map(([name, descriptor]) => namedEntry(name, descriptor)))
  }

  async set(name: string, descriptor: Descriptor): Promise<void> {
    this.named.set(name, descriptor)
    this.#entries = undefined
  }
}

/** Compares entries by name; those without a name come last, in their order. */
export function byName(a: IndexEntry, b: IndexEntry): number {
  const [left, right] = [a, b].map(each => nameOf(each) ?? '\uffff') as [string, string]
  return left < right ? -1 : left > right ? 1 : 0
}

export function formatIndex(document: IndexDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}
