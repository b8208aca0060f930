/**
 * The ports of content. A remote registry, a layout directory, an archive and memory are all stores: repositories of content by
 * digest, with tags on top. A port has one or two methods; abilities of only some stores are in capabilities.ts.
 */
import type { Descriptor } from '../model/descriptor.ts'

/** Bytes in order. A stream has one consumer. */
export type ByteStream = AsyncIterable<Uint8Array>

/** Options of every call. */
export interface Call {
  readonly signal?: AbortSignal | undefined
}

export interface FetchCall extends Call {
  /** First byte wanted; default 0. A read from 0 is checked by the store; a later start can be checked only by the caller. */
  readonly offset?: number | undefined
  /** Fails after few tries: for a reader that has another way to go on. */
  readonly isBrief?: boolean | undefined
}

export interface Resolver {
  /**
   * The descriptor behind a tag or a digest.
   * @throws `not-found`
   */
  resolve(tagOrDigest: string, call?: Call): Promise<Descriptor>
}

export interface Fetcher {
  /**
   * Content by descriptor. Nothing happens before the first read. A read from byte 0 throws before its end if size or digest
   * are wrong.
   * @throws `not-found`, `digest-mismatch`, `size-mismatch`
   */
  fetch(descriptor: Descriptor, call?: FetchCall): ByteStream
}

export interface Inspector {
  /**
   * Whether the content is in this repository. Blobs of another size do not count, as a full disk leaves them.
   * @throws `size-mismatch` if there is such a blob, and a push may not replace it
   */
  exists(descriptor: Descriptor, call?: Call): Promise<boolean>
}

/** Content that can be opened again, from any byte, so that an upload can continue after a break. */
export interface Content {
  open(call: FetchCall): ByteStream
}

export interface Pusher {
  /**
   * Stores content under its digest. It becomes visible only when all of it is stored, which is before the call returns. The
   * children of a manifest must be stored first.
   * @throws `digest-mismatch`, `size-mismatch`, `blob-unknown`
   */
  push(descriptor: Descriptor, content: Content, call?: Call): Promise<void>
}

export interface Tagger {
  /** Stores a manifest and points the tag at it. Both in one call, because a registry has no other request for tags. */
  tag(tag: string, descriptor: Descriptor, bytes: Uint8Array, call?: Call): Promise<void>
}

/** A repository that can be read. */
export interface ReadableRepository extends Resolver, Fetcher, Inspector {
  /** path in its store, e.g. `library/redis` */
  readonly name: string
}

/** A repository that can be read and written. */
export interface Repository extends ReadableRepository, Pusher, Tagger {}

/** Opens repositories by name; opening does no work. */
export interface Store<R extends ReadableRepository = Repository> {
  /** Host or path of the store, for messages and results. */
  readonly location: string
  repository(name: string): R
}

/** Bytes in memory as content. */
export function contentFrom(bytes: Uint8Array): Content {
  return {
    async *open({ offset = 0 }) {
      if (offset < bytes.byteLength) yield bytes.subarray(offset)
    },
  }
}
