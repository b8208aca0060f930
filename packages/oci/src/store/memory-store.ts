import { GpregError, throwIfAborted } from '../errors.ts'
import { isForeignLayer, isManifestType, type Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import { childrenOf, describeReferrer, parseManifest, type Manifest } from '../model/manifest.ts'
import type {
  Deleter,
  Ingest,
  Ingester,
  Mounter,
  ReferrerLister,
  RepositoryLister,
  Sizer,
  TagLister,
  Untagger,
  UnverifiedFetcher,
} from './capabilities.ts'
import { artifactIn, type Artifact } from './artifact.ts'
import {
  contentFrom,
  type ByteStream,
  type Call,
  type Content,
  type FetchCall,
  type Repository,
  type Store,
} from './content.ts'
import { MemoryIngest } from './memory-ingest.ts'
import { verified } from './verify.ts'

/** What a repository in memory keeps under a digest. */
export interface StoredContent {
  readonly bytes: Uint8Array
  /** set for manifests */
  readonly manifest?: Manifest
  readonly descriptor: Descriptor
}

/** Repositories in memory, for tests, demos and small caches. Each has its own content, as in a registry. */
export class MemoryStore implements Store<MemoryRepository>, RepositoryLister {
  readonly location: string
  readonly #repositories = new Map<string, MemoryRepository>()

  constructor(location = 'memory') {
    this.location = location
  }

  repository(name: string): MemoryRepository {
    const repository = this.#repositories.get(name) ?? new MemoryRepository(name, this.#repositories)
    this.#repositories.set(name, repository)
    return repository
  }

  /**
   * The artifact behind a name of this store: `repository[:tag][@digest]`.
   * @throws `reference-invalid`
   */
  artifact(name: string): Artifact<MemoryRepository> {
    return artifactIn(this, name)
  }

  async *repositories(): AsyncGenerator<string> {
    const tagged = [...this.#repositories.values()].filter(repository => repository.hasTags())
    yield* tagged.map(({ name }) => name).sort()
  }
}

export class MemoryRepository
  implements
    Repository,
    Mounter,
    TagLister,
    ReferrerLister,
    Ingester,
    Sizer,
    Deleter,
    Untagger,
    UnverifiedFetcher
{
  readonly name: string
  readonly #siblings: ReadonlyMap<string, MemoryRepository>
  readonly #content = new Map<Digest, StoredContent>()
  readonly #tags = new Map<string, Digest>()
  readonly #ingests = new Map<string, MemoryIngest>()

  constructor(name: string, siblings: ReadonlyMap<string, MemoryRepository>) {
    this.name = name
    this.#siblings = siblings
  }

  hasTags(): boolean {
    return this.#tags.size > 0
  }

  async resolve(tagOrDigest: string): Promise<Descriptor> {
    const digest = isDigest(tagOrDigest) ? tagOrDigest : this.#tags.get(tagOrDigest)
    const stored = digest && this.#content.get(digest)
    if (stored?.manifest === undefined) throw this.#notFound(tagOrDigest)
    return stored.descriptor
  }

  fetch(descriptor: Descriptor, call: FetchCall = {}): ByteStream {
    const stream = this.fetchUnverified(descriptor, call)
    return (call.offset ?? 0) > 0 ? stream : verified(stream, descriptor)
  }

  async *fetchUnverified({ digest }: Descriptor, { offset = 0, signal }: FetchCall = {}): ByteStream {
    throwIfAborted(signal)
    const stored = this.#content.get(digest)
    if (stored === undefined) throw this.#notFound(digest)
    if (offset < stored.bytes.byteLength) yield stored.bytes.subarray(offset)
  }

  async exists({ digest }: Descriptor): Promise<boolean> {
    return this.#content.has(digest)
  }

  async sizeOf(digest: Digest): Promise<number | undefined> {
    return this.#content.get(digest)?.bytes.byteLength
  }

  async push(descriptor: Descriptor, content: Content, { signal }: Call = {}): Promise<void> {
    if (this.#content.has(descriptor.digest) && !isManifestType(descriptor.mediaType)) return
    const chunks: Uint8Array[] = []
    for await (const chunk of verified(content.open({ offset: 0, signal }), descriptor)) {
      throwIfAborted(signal)
      chunks.push(chunk)
    }
    throwIfAborted(signal)
    this.#store(descriptor, Buffer.concat(chunks))
  }

  async tag(tag: string, descriptor: Descriptor, bytes: Uint8Array, call: Call = {}): Promise<void> {
    await this.push(descriptor, contentFrom(bytes), call)
    this.#tags.set(tag, descriptor.digest)
  }

  async mount({ digest }: Descriptor, fromRepository: string): Promise<boolean> {
    const stored = this.#siblings.get(fromRepository)?.stored(digest)
    if (stored === undefined) return false
    this.#content.set(digest, stored)
    return true
  }

  async *tags(): AsyncGenerator<string> {
    yield* [...this.#tags.keys()].sort()
  }

  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    return [...this.#content.values()].flatMap(({ manifest, descriptor }) => {
      if (manifest?.subject?.digest !== subject) return []
      return [describeReferrer(descriptor, manifest)]
    })
  }

  async ingest(id?: string): Promise<Ingest | undefined> {
    if (id !== undefined) return this.#ingests.get(id)
    const ingest = new MemoryIngest((descriptor, bytes) => this.#store(descriptor, bytes), this.#ingests)
    this.#ingests.set(ingest.id, ingest)
    return ingest
  }

  async delete({ digest }: Descriptor): Promise<void> {
    if (!this.#content.delete(digest)) throw this.#notFound(digest)
    for (const [tag, tagged] of this.#tags) if (tagged === digest) this.#tags.delete(tag)
  }

  async untag(tag: string): Promise<void> {
    if (!this.#tags.delete(tag)) throw this.#notFound(tag)
  }

  /** Content that another repository may mount. */
  stored(digest: Digest): StoredContent | undefined {
    return this.#content.get(digest)
  }

  #store(descriptor: Descriptor, bytes: Uint8Array): void {
    if (!isManifestType(descriptor.mediaType)) {
      this.#content.set(descriptor.digest, { bytes, descriptor })
      return
    }
    const manifest = parseManifest(bytes, descriptor.mediaType)
    const missing = childrenOf(manifest).find(
      child => !isForeignLayer(child) && !this.#content.has(child.digest),
    )
    if (missing !== undefined) {
      throw new GpregError(
        'blob-unknown',
        `${this.name} has no ${missing.digest}, which ${descriptor.digest} needs`,
        {
          digest: missing.digest,
        },
      )
    }
    this.#content.set(descriptor.digest, {
      bytes,
      manifest,
      descriptor: { ...plain(descriptor), mediaType: manifest.mediaType },
    })
  }

  #notFound(what: string): GpregError {
    return new GpregError('not-found', `${what} is not in ${this.name}`)
  }
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}
