/** Abilities of only some stores. Probe with the guards; no store has one of these as an optional method. */
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { ManifestNode } from '../model/manifest.ts'
import type {
  ByteStream,
  Call,
  Content,
  FetchCall,
  Fetcher,
  ReadableRepository,
  Repository,
} from './content.ts'

export interface Mounter {
  /**
   * Makes a blob of another repository of the same store appear in this one, without sending it.
   * @returns false if the store wants the bytes instead
   */
  mount(descriptor: Descriptor, fromRepository: string, call?: Call): Promise<boolean>
}

export interface EmptinessProbe {
  /**
   * True if the repository has no tags or does not exist. The caller may then skip the `exists` of each blob; blobs left by an
   * interrupted copy are still found by `pushUnlessStored`.
   */
  isEmpty(call?: Call): Promise<boolean>
}

export interface UnlessStoredPusher {
  /** Pushes content that nobody asked `exists` about. The store checks that cheaply, and does not read content that it has. */
  pushUnlessStored(descriptor: Descriptor, content: Content, call?: Call): Promise<void>
}

export interface Replacer {
  /** As `push`, but content that is stored under the digest is overwritten, because it may be damaged. */
  replace(descriptor: Descriptor, content: Content, call?: Call): Promise<void>
}

export interface UnverifiedFetcher {
  /** As `fetch`, but nothing is checked: for a caller that checks size and digest itself, so that no byte is hashed twice. */
  fetchUnverified(descriptor: Descriptor, call?: FetchCall): ByteStream
}

export interface UnverifiedContent {
  /** As `open`, but nothing is checked: for a consumer that checks size and digest itself. */
  openUnverified(call: FetchCall): ByteStream
}

export interface ReadAhead {
  /** The same repository, but nothing is fetched ahead of the reader: a reader with a rate limit thus limits the line, too. */
  withoutReadAhead(): Fetcher
}

export interface NamedReader {
  /**
   * The manifest behind a tag or a digest, checked. One request instead of `resolve` and `fetch`.
   * @throws `not-found`
   */
  readNamed(tagOrDigest: string, call?: Call): Promise<ManifestNode>
}

export interface TagLister {
  /** Tags in the order of the store, page after page. */
  tags(call?: Call): AsyncIterable<string>
}

export interface ReferrerLister {
  /** Manifests whose `subject` is the digest. An error of the request is thrown, never taken for "none". */
  referrers(subject: Digest, call?: ReferrersCall): Promise<readonly Descriptor[]>
}

export interface ReferrersCall extends Call {
  /** All tags of the repository, if the caller knows them: saves a request for a tag that does not exist. */
  readonly tags?: ReadonlySet<string> | undefined
}

export interface RepositoryLister {
  /** Names of the repositories that hold a tag. */
  repositories(call?: Call): AsyncIterable<string>
}

export interface Sizer {
  /** Bytes of stored content; undefined if it is not stored. For servers, which are asked by digest alone. */
  sizeOf(digest: Digest, call?: Call): Promise<number | undefined>
}

export interface Deleter {
  /**
   * Deletes content from the repository, and the tags that point at it.
   * @throws `not-found`, `forbidden` if something else in the store still needs it
   */
  delete(descriptor: Descriptor, call?: Call): Promise<void>
}

export interface Untagger {
  /** @throws `not-found` */
  untag(tag: string, call?: Call): Promise<void>
}

/** Receives bytes before their digest is known, as an HTTP upload does. */
export interface Ingester {
  /** A new ingest, or the one with this id; undefined if that is gone. */
  ingest(id?: string): Promise<Ingest | undefined>
}

/** Milliseconds after which an upload that nobody continues is removed: its client has started over. */
export const UPLOAD_AGE = 60 * 60_000

export interface UploadRemover {
  /**
   * Removes the uploads that were not continued since a moment, also those that an ended process left.
   * @param before milliseconds since the epoch
   * @param open ids of the uploads that are in use
   */
  removeUploads(before: number, open: ReadonlySet<string>): Promise<void>
}

export interface Ingest {
  readonly id: string
  /** bytes received so far */
  readonly size: number
  append(bytes: ByteStream, call?: Call): Promise<void>
  /** Stores the bytes under their digest. The ingest is gone afterwards in any case. @throws `digest-mismatch` */
  commit(digest: Digest): Promise<Descriptor>
  discard(): Promise<void>
}

/** The number of transfers at once with the host of a store, shared by all its repositories. Each takes a slot while it moves bytes. */
export interface Budget {
  /** transfers at once, at this moment */
  readonly limit: number
  readonly isFree: boolean
  take(): void
  release(): void
  /** A transfer that gives its slot back has moved its bytes, and the host still works, e.g. on its answer. */
  beginFinishing(): void
  endFinishing(): void
  /** Counts transferred bytes. @param wanted whether more work waits for a slot */
  moved(bytes: number, wanted: boolean): void
  /** Calls the listener after every change that may free a slot. @returns a function that removes it */
  onChange(listener: () => void): () => void
}

export interface Budgeted {
  budget(): Budget
}

export const isBudgeted = (store: object): store is Budgeted => has(store, 'budget')
export const isWritable = (store: ReadableRepository): store is Repository => has(store, 'push')
export const isMounter = (store: object): store is Mounter => has(store, 'mount')
export const isEmptinessProbe = (store: object): store is EmptinessProbe => has(store, 'isEmpty')
export const isUnlessStoredPusher = (store: object): store is UnlessStoredPusher =>
  has(store, 'pushUnlessStored')
export const isUnverifiedFetcher = (store: object): store is UnverifiedFetcher =>
  has(store, 'fetchUnverified')
export const isUnverifiedContent = (content: object): content is UnverifiedContent =>
  has(content, 'openUnverified')
export const isReadAhead = (store: object): store is ReadAhead => has(store, 'withoutReadAhead')
export const isNamedReader = (store: object): store is NamedReader => has(store, 'readNamed')
export const isTagLister = (store: object): store is TagLister => has(store, 'tags')
export const isReferrerLister = (store: object): store is ReferrerLister => has(store, 'referrers')
export const isRepositoryLister = (store: object): store is RepositoryLister => has(store, 'repositories')
export const isReplacer = (store: object): store is Replacer => has(store, 'replace')
export const isSizer = (store: object): store is Sizer => has(store, 'sizeOf')
export const isDeleter = (store: object): store is Deleter => has(store, 'delete')
export const isUntagger = (store: object): store is Untagger => has(store, 'untag')
export const isUploadRemover = (store: object): store is UploadRemover => has(store, 'removeUploads')
export const isIngester = (store: object): store is Ingester => has(store, 'ingest')

/** The budgets of stores, each once, because stores may be on the same host. */
export function budgetsOf(...stores: readonly object[]): Budget[] {
  return [...new Set(stores.filter(isBudgeted).map(store => store.budget()))]
}

function has(subject: object, method: string): boolean {
  return typeof (subject as Record<string, unknown>)[method] === 'function'
}
