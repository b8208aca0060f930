/**
 * The content ports. A remote registry, a layout directory, an archive and memory are all stores: repositories of content
 * by digest, with tags on top. Ports are one or two methods each; what only some stores can do is in capabilities.ts.
 */
import type { Descriptor } from '../model/descriptor.ts'

/** Bytes in order. A stream has one consumer. */
export type ByteStream = AsyncIterable<Uint8Array>

export interface Call {
  readonly signal?: AbortSignal | undefined
}

export interface FetchCall extends Call {
  /** first byte wanted; default 0. From 0 the store checks size and digest; from elsewhere only the caller can. */
  readonly offset?: number | undefined
  /** The caller checks size and digest before anything counts, so that the store need not hash the same bytes as well. */
  readonly unchecked?: boolean | undefined
  /** The caller takes the bytes at a rate that is not to be exceeded on the line either: nothing is fetched ahead of it. */
  readonly paced?: boolean | undefined
}

export interface PushCall extends Call {
  /** Nobody looked whether the content is there. If it is, and the store can tell, none of it is read. */
  readonly unasked?: boolean | undefined
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
   * Content by descriptor; nothing happens before the first read. A read from byte 0 ends in an error rather than in bytes
   * that are not the digest's.
   * @throws `not-found`, `digest-mismatch`, `size-mismatch`
   */
  fetch(descriptor: Descriptor, call?: FetchCall): ByteStream
}

export interface Inspector {
  /** Whether the content is there, in this repository. */
  exists(descriptor: Descriptor, call?: Call): Promise<boolean>
}

/** Content that can be opened again, from any byte: what an upload needs to go on after a break. */
export interface Content {
  open(call: FetchCall): ByteStream
}

export interface Pusher {
  /**
   * Stores content under its digest; when it returns, all of it is there, and before that none of it is visible.
   * Manifests need their children there first.
   * @throws `digest-mismatch`, `size-mismatch`, `blob-unknown`
   */
  push(descriptor: Descriptor, content: Content, call?: PushCall): Promise<void>
}

export interface Tagger {
  /** Stores a manifest and points the tag at it. The bytes come along because a registry has no other verb for it. */
  tag(tag: string, descriptor: Descriptor, bytes: Uint8Array, call?: Call): Promise<void>
}

/** What can be read. */
export interface ReadableRepository extends Resolver, Fetcher, Inspector {
  /** path in its store, e.g. `library/redis` */
  readonly name: string
}

/** What can be read and written. */
export interface Repository extends ReadableRepository, Pusher, Tagger {}

/** Opens repositories by name; opening does no work. */
export interface Store<R extends ReadableRepository = Repository> {
  /** What the store is called in messages and results: a host, a path. */
  readonly location: string
  repository(name: string): R
}

/** The content behind a descriptor in a repository, as something that can be pushed elsewhere. */
export function contentOf(fetcher: Fetcher, descriptor: Descriptor): Content {
  return { open: call => fetcher.fetch(descriptor, call) }
}

/** Bytes in memory as content. */
export function contentFrom(bytes: Uint8Array): Content {
  return {
    async *open({ offset = 0 }) {
      if (offset < bytes.byteLength) yield bytes.subarray(offset)
    },
  }
}
