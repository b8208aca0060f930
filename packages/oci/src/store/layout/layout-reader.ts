import { GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { isDigest, type Digest } from '../../model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../../model/manifest.ts'
import { isTag, tryParseReference } from '../../model/reference.ts'
import { artifactIn, type Artifact } from '../artifact.ts'
import type {
  ReferrerLister,
  RepositoryLister,
  Sizer,
  TagLister,
  UnverifiedFetcher,
} from '../capabilities.ts'
import type { ByteStream, FetchCall, ReadableRepository, Store } from '../content.ts'
import { nameOf, type IndexEntry, type LayoutContent, type LayoutNames } from './layout-content.ts'
import { readManifestOf, scanReferrers, type ReferrerIndex } from './layout-manifests.ts'
import { verified } from '../verify.ts'

/** The parts of one layout, shared by all its repositories. */
export interface LayoutParts<C extends LayoutContent = LayoutContent, N extends LayoutNames = LayoutNames> {
  readonly content: C
  readonly names: N
  /** Referrers by subject. A writer reads them once from all manifests, then updates them by every write. */
  referrers(): Promise<ReferrerIndex>
}

export function layoutParts<C extends LayoutContent, N extends LayoutNames>(
  content: C,
  names: N,
): LayoutParts<C, N> {
  let known: Promise<ReferrerIndex> | undefined
  return { content, names, referrers: () => (known ??= scanReferrers(content)) }
}

/**
 * An OCI image layout that is only read. A layout does not separate repositories: all of them have all content.
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export class LayoutReader implements Store<ReadableLayoutRepository>, RepositoryLister {
  readonly location: string
  readonly #parts: LayoutParts

  constructor(parts: LayoutParts) {
    this.location = parts.content.location
    this.#parts = parts
  }

  repository(name: string): ReadableLayoutRepository {
    return new ReadableLayoutRepository(name, this.#parts)
  }

  /**
   * The artifact behind a name of this store: `repository[:tag][@digest]`.
   * @throws `reference-invalid`
   */
  artifact(name: string): Artifact<ReadableLayoutRepository> {
    return artifactIn(this, name)
  }

  async *repositories(): AsyncGenerator<string> {
    await this.#parts.names.refresh?.()
    yield* repositoriesOf(this.#parts.names)
  }

  /** Whether the blob is stored. */
  async holds(digest: Digest): Promise<boolean> {
    return (await this.#parts.content.size(digest)) !== undefined
  }

  entries(): readonly IndexEntry[] {
    return this.#parts.names.entries()
  }

  /** The same content under other names. */
  under(names: LayoutNames): LayoutReader {
    return new LayoutReader({ ...this.#parts, names })
  }
}

export class ReadableLayoutRepository
  implements ReadableRepository, TagLister, ReferrerLister, Sizer, UnverifiedFetcher
{
  readonly name: string
  readonly #parts: LayoutParts

  constructor(name: string, parts: LayoutParts) {
    this.name = name
    this.#parts = parts
  }

  async resolve(tagOrDigest: string): Promise<Descriptor> {
    await this.#parts.names.refresh?.()
    if (isDigest(tagOrDigest)) return this.#resolveDigest(tagOrDigest)
    const found = lookup(this.#parts.names).named.get(`${this.name}:${tagOrDigest}`)
    if (found === undefined) throw this.notFound(tagOrDigest)
    return { mediaType: found.mediaType, digest: found.digest, size: found.size }
  }

  fetch(descriptor: Descriptor, call: FetchCall = {}): ByteStream {
    const stream = this.fetchUnverified(descriptor, call)
    const { location } = this.#parts.content
    return (call.offset ?? 0) > 0 ? stream : verified(stream, descriptor, { path: location })
  }

  fetchUnverified({ digest }: Descriptor, { offset = 0, signal }: FetchCall = {}): ByteStream {
    return this.#parts.content.read(digest, offset, signal)
  }

  exists(descriptor: Descriptor): Promise<boolean> {
    return this.#parts.content.has(descriptor)
  }

  sizeOf(digest: Digest): Promise<number | undefined> {
    return this.#parts.content.size(digest)
  }

  async *tags(): AsyncGenerator<string> {
    await this.#parts.names.refresh?.()
    yield* lookup(this.#parts.names).tags.get(this.name) ?? []
  }

  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    return (await this.#parts.referrers()).get(subject) ?? []
  }

  /** The descriptor of a digest. If the index does not list it, the media type is taken from the manifest itself. */
  async #resolveDigest(digest: Digest): Promise<Descriptor> {
    const { content, names } = this.#parts
    const named = lookup(names).digests.get(digest)
    const size = await content.size(digest)
    if (size === undefined || size > MAX_MANIFEST_BYTES) throw this.notFound(digest)
    const mediaType = named?.mediaType ?? (await readManifestOf(content, digest))?.mediaType
    if (mediaType === undefined) throw this.notFound(digest)
    return { mediaType, digest, size }
  }

  protected notFound(what: string): GpregError {
    const separator = isDigest(what) ? '@' : ':'
    const { location } = this.#parts.content
    return new GpregError('not-found', `${this.name}${separator}${what} is not in ${location}`, {
      path: location,
    })
  }
}

interface Lookup {
  /** by `repository:tag` */
  readonly named: ReadonlyMap<string, IndexEntry>
  readonly digests: ReadonlyMap<Digest, IndexEntry>
  /** by repository, sorted */
  readonly tags: ReadonlyMap<string, readonly string[]>
}

const lookups = new WeakMap<readonly IndexEntry[], Lookup>()

/**
 * Maps of the entries of an index. They are built once for each state of it, because it may have very many names. The first of
 * several entries with one name counts.
 */
function lookup(index: LayoutNames): Lookup {
  const entries = index.entries()
  const known = lookups.get(entries)
  if (known !== undefined) return known
  const reversed = entries.toReversed()
  const names = reversed.flatMap(entry => {
    const name = splitName(entry)
    return name === undefined ? [] : { ...name, key: `${name.repository}:${name.tag}`, entry }
  })
  const distinct = new Map(names.map(name => [name.key, name]))
  const groups = Map.groupBy(distinct.values(), ({ repository }) => repository)
  const found: Lookup = {
    named: new Map(names.map(({ key, entry }) => [key, entry])),
    digests: new Map(reversed.map(entry => [entry.digest, entry])),
    tags: new Map([...groups].map(([repository, group]) => [repository, group.map(({ tag }) => tag).sort()])),
  }
  lookups.set(entries, found)
  return found
}

/** Names of the repositories that hold a tag, sorted. */
export function repositoriesOf(names: LayoutNames): string[] {
  const all = names.entries().flatMap(entry => splitName(entry)?.repository ?? [])
  return [...new Set(all)].sort()
}

/** The repository and tag of an entry. Other tools write a bare tag or a reference with its host; both are accepted. */
export function splitName(entry: IndexEntry): { repository: string; tag: string } | undefined {
  const name = nameOf(entry)
  if (name === undefined) return undefined
  const colon = name.lastIndexOf(':')
  if (colon > name.lastIndexOf('/') && isTag(name.slice(colon + 1))) {
    return { repository: name.slice(0, colon), tag: name.slice(colon + 1) }
  }
  if (isTag(name)) return { repository: '', tag: name }
  const reference = tryParseReference(name)
  const [repository = name] = name.split('@')
  return reference && { repository, tag: reference.tag ?? 'latest' }
}
