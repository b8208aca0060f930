import { z } from 'zod'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import type { ByteStream, Content } from '../content.ts'
import { isDigest } from '../../model/digest.ts'

/** https://github.com/opencontainers/image-spec/blob/main/annotations.md */
export const REF_NAME = 'org.opencontainers.image.ref.name'

/** Only what is needed is checked; what other tools wrote beside it is kept as it is. */
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

/** The bytes of a layout, by digest, wherever they lie: files in a directory, members of a tar. */
export interface LayoutContent {
  /** What it is called in messages. */
  readonly location: string
  /** Whether the content need not be sent: it is here, or known to be where this goes. */
  has(digest: Digest): Promise<boolean>
  /** Bytes of content that is here. */
  size(digest: Digest): Promise<number | undefined>
  /**
   * Unchecked bytes from an offset.
   * @throws `not-found`, `storage`
   */
  read(digest: Digest, offset: number, signal: AbortSignal | undefined): ByteStream
  digests(): AsyncIterable<Digest>
}

/** Takes bytes under their digest: checked, and all of them or none. */
export interface WritableContent extends LayoutContent {
  write(descriptor: Descriptor, content: Content, signal: AbortSignal | undefined): Promise<void>
}

/** The names of a layout. */
export interface LayoutNames {
  entries(): readonly IndexEntry[]
}

export interface WritableNames extends LayoutNames {
  /** Lets a name stand for a manifest. Durable when it returns. */
  set(name: string, descriptor: Descriptor): Promise<void>
}

/** A name as `index.json` has it. */
export function namedEntry(name: string, { mediaType, digest, size }: Descriptor): IndexEntry {
  return { mediaType, digest, size, annotations: { [REF_NAME]: name } }
}

/** Order by name; what has none keeps its place at the end. */
export function byName(a: IndexEntry, b: IndexEntry): number {
  const [left, right] = [a, b].map(each => each.annotations?.[REF_NAME] ?? '\uffff') as [string, string]
  return left < right ? -1 : left > right ? 1 : 0
}

export function formatIndex(document: IndexDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}
