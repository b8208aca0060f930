/** What only some stores can do. Probe with the guards; a store never has one of these as an optional method. */
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { ManifestNode } from '../model/manifest.ts'
import type { ByteStream, Call, ReadableRepository, Repository } from './content.ts'

export interface Mounter {
  /**
   * Makes a blob of another repository of the same store appear in this one without sending it.
   * @returns false where the store would rather have the bytes
   */
  mount(descriptor: Descriptor, fromRepository: string, call?: Call): Promise<boolean>
}

export interface NoveltyTeller {
  /**
   * Whether the store knows no tag of this repository, if it knows the repository at all: then its content need not be asked for
   * piece by piece. What is there all the same, such as blobs of a copy that was interrupted, a `push` that is `unasked` finds.
   */
  isNew(call?: Call): Promise<boolean>
}

export interface NamedReader {
  /**
   * The manifest behind a tag or a digest, checked: one request where its descriptor and then its content take two.
   * @throws `not-found`
   */
  readNamed(tagOrDigest: string, call?: Call): Promise<ManifestNode>
}

export interface TagLister {
  /** Tags in lexical order, page after page. */
  tags(call?: Call): AsyncIterable<string>
}

export interface ReferrerLister {
  /** Manifests whose `subject` is the digest. An error while looking is thrown, never read as "none". */
  referrers(subject: Digest, call?: ReferrersCall): Promise<readonly Descriptor[]>
}

export interface ReferrersCall extends Call {
  /** Every tag of the repository, where the caller knows them: spares a look for one that is not there. */
  readonly tags?: ReadonlySet<string> | undefined
}

export interface RepositoryLister {
  /** Names of the repositories that hold a tag. */
  repositories(call?: Call): AsyncIterable<string>
}

export interface Sizer {
  /** Bytes of content that is there; a server is asked by digest alone. */
  sizeOf(digest: Digest, call?: Call): Promise<number | undefined>
}

export interface Deleter {
  /**
   * Takes content out of the repository; tags that point at it go too.
   * @throws `not-found`, `forbidden` where something else in the store still needs it
   */
  delete(descriptor: Descriptor, call?: Call): Promise<void>
}

export interface Untagger {
  /** @throws `not-found` */
  untag(tag: string, call?: Call): Promise<void>
}

/** Takes bytes before their digest is known, as an HTTP upload does. */
export interface Ingester {
  /** A new ingest, or the one with this id where it is still there. */
  ingest(id?: string): Promise<Ingest | undefined>
}

export interface Ingest {
  readonly id: string
  /** bytes taken so far */
  readonly size: number
  append(bytes: ByteStream, call?: Call): Promise<void>
  /** @throws `digest-mismatch`; the ingest is gone afterwards either way */
  commit(digest: Digest): Promise<Descriptor>
  discard(): Promise<void>
}

/** How much may be asked of the host of a store at once; shared by all repositories that are there. */
export interface Budget {
  /** transfers at once, at this moment */
  readonly limit: number
  readonly isFree: boolean
  take(): void
  release(): void
  /** `wanted`: whether more work waits for a slot */
  moved(bytes: number, wanted: boolean): void
  onChange(listener: () => void): () => void
}

export interface Budgeted {
  budget(): Budget
}

export const isBudgeted = (store: object): store is Budgeted => has(store, 'budget')
export const isWritable = (store: ReadableRepository): store is Repository => has(store, 'push')
export const isMounter = (store: object): store is Mounter => has(store, 'mount')
export const isNoveltyTeller = (store: object): store is NoveltyTeller => has(store, 'isNew')
export const isNamedReader = (store: object): store is NamedReader => has(store, 'readNamed')
export const isTagLister = (store: object): store is TagLister => has(store, 'tags')
export const isReferrerLister = (store: object): store is ReferrerLister => has(store, 'referrers')
export const isRepositoryLister = (store: object): store is RepositoryLister => has(store, 'repositories')
export const isSizer = (store: object): store is Sizer => has(store, 'sizeOf')
export const isDeleter = (store: object): store is Deleter => has(store, 'delete')
export const isUntagger = (store: object): store is Untagger => has(store, 'untag')
export const isIngester = (store: object): store is Ingester => has(store, 'ingest')

/** Each once: stores may be on the same host. */
export function budgetsOf(...stores: readonly object[]): Budget[] {
  return [...new Set(stores.filter(isBudgeted).map(store => store.budget()))]
}

function has(store: object, method: string): boolean {
  return typeof (store as Record<string, unknown>)[method] === 'function'
}
