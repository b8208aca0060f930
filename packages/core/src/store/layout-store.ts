import { open, readdir, unlink } from 'node:fs/promises'
import { GpregError } from '../errors.ts'
import { isForeignLayer, isManifestType, type Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import { childrenOf, describeReferrer, MAX_MANIFEST_BYTES, parseManifest } from '../model/manifest.ts'
import { isTag, parseReference, tryParseReference } from '../model/reference.ts'
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
} from './capabilities.ts'
import {
  contentFrom,
  type ByteStream,
  type Call,
  type Content,
  type FetchCall,
  type Repository,
  type Store,
} from './content.ts'
import {
  blobPath,
  onDisk,
  prepareFolders,
  readFrom,
  settle,
  sizeOf,
  storageError,
  temporaryPath,
  writeAll,
} from './layout-files.ts'
import {
  addReferrer,
  parentOf,
  readManifestFile,
  scanReferrers,
  type ReferrerIndex,
} from './layout-manifests.ts'
import { LayoutIndex, REF_NAME, type IndexEntry } from './layout-index.ts'
import { LayoutIngest } from './layout-ingest.ts'
import { verified } from './verify.ts'

/**
 * An OCI image layout on disk. Names are `org.opencontainers.image.ref.name` annotations of the form `repository:tag`, so that
 * `skopeo copy oci:DIR:library/redis:6.2 …` finds them. A layout has no links by repository: content is there for all of them.
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export class LayoutStore implements Store<LayoutRepository>, RepositoryLister {
  readonly location: string
  readonly #index: LayoutIndex
  #referrers: Promise<ReferrerIndex> | undefined

  private constructor(root: string, index: LayoutIndex) {
    this.location = root
    this.#index = index
  }

  /**
   * Opens a layout, or makes one in a directory that is empty or not there.
   * @throws `input-invalid` where the directory is something else, `storage`
   */
  static async open(root: string, now: number = Date.now()): Promise<LayoutStore> {
    await assertLayoutOrEmpty(root)
    await prepareFolders(root, now)
    return new LayoutStore(root, await LayoutIndex.open(root))
  }

  repository(name: string): LayoutRepository {
    return new LayoutRepository(name, this.location, this.#index, () => this.#referrerIndex())
  }

  async *repositories(): AsyncGenerator<string> {
    const names = this.#index.entries().flatMap(entry => splitName(entry)?.repository ?? [])
    yield* [...new Set(names)].sort()
  }

  /** Which manifests speak about which: read once from all manifests there are, then kept by who writes. */
  #referrerIndex(): Promise<ReferrerIndex> {
    return (this.#referrers ??= scanReferrers(this.location))
  }
}

export class LayoutRepository
  implements Repository, Mounter, TagLister, ReferrerLister, Ingester, Sizer, Deleter, Untagger
{
  readonly name: string
  readonly #root: string
  readonly #index: LayoutIndex
  readonly #referrerIndex: () => Promise<ReferrerIndex>

  constructor(name: string, root: string, index: LayoutIndex, referrerIndex: () => Promise<ReferrerIndex>) {
    this.name = name
    this.#root = root
    this.#index = index
    this.#referrerIndex = referrerIndex
  }

  async resolve(tagOrDigest: string): Promise<Descriptor> {
    if (isDigest(tagOrDigest)) return this.#resolveDigest(tagOrDigest)
    const found = this.#index.entries().find(entry => {
      const name = splitName(entry)
      return name?.repository === this.name && name.tag === tagOrDigest
    })
    if (found === undefined) throw this.#notFound(tagOrDigest)
    return { mediaType: found.mediaType, digest: found.digest, size: found.size }
  }

  fetch(descriptor: Descriptor, { offset = 0, signal }: FetchCall = {}): ByteStream {
    const stream = this.#read(descriptor.digest, offset, signal)
    return offset === 0 ? verified(stream, descriptor, { path: this.#root }) : stream
  }

  async *#read(digest: Digest, offset: number, signal: AbortSignal | undefined): ByteStream {
    try {
      yield* readFrom(blobPath(this.#root, digest), offset, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw this.#notFound(digest)
      throw storageError(error, this.#root)
    }
  }

  async exists({ digest }: Descriptor): Promise<boolean> {
    return (await this.sizeOf(digest)) !== undefined
  }

  sizeOf(digest: Digest): Promise<number | undefined> {
    return sizeOf(blobPath(this.#root, digest))
  }

  async push(descriptor: Descriptor, content: Content, call: Call = {}): Promise<void> {
    // A manifest is looked at even where its bytes are there: they may have come as a blob, without their children.
    if (isManifestType(descriptor.mediaType)) return this.#pushManifest(descriptor, content, call)
    if (!(await this.exists(descriptor))) await this.#write(descriptor, content, call)
  }

  async tag(tag: string, descriptor: Descriptor, bytes: Uint8Array, call: Call = {}): Promise<void> {
    await this.push(descriptor, contentFrom(bytes), call)
    await this.#index.set(`${this.name}:${tag}`, descriptor)
  }

  /** There for all repositories already, or not at all. */
  mount(descriptor: Descriptor): Promise<boolean> {
    return this.exists(descriptor)
  }

  async *tags(): AsyncGenerator<string> {
    const names = this.#index.entries().flatMap(entry => splitName(entry) ?? [])
    yield* names.flatMap(({ repository, tag }) => (repository === this.name ? [tag] : [])).sort()
  }

  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    return (await this.#referrerIndex()).get(subject) ?? []
  }

  ingest(id?: string): Promise<Ingest | undefined> {
    return id === undefined ? LayoutIngest.create(this.#root) : LayoutIngest.find(this.#root, id)
  }

  /** Content is there for all repositories, so that what another tag or manifest still needs is not taken from it. */
  async delete(descriptor: Descriptor): Promise<void> {
    if (!(await this.exists(descriptor))) throw this.#notFound(descriptor.digest)
    const isMine = (entry: IndexEntry) =>
      entry.digest === descriptor.digest && [undefined, this.name].includes(splitName(entry)?.repository)
    const others = this.#index.entries().filter(entry => entry.digest === descriptor.digest && !isMine(entry))
    const user = others[0]?.annotations?.[REF_NAME] ?? (await parentOf(this.#root, descriptor.digest))
    if (user !== undefined) {
      throw new GpregError('forbidden', `${user} still needs ${descriptor.digest}`, {
        digest: descriptor.digest,
        hint: `delete ${user} first`,
      })
    }
    await this.#index.remove(isMine)
    await onDisk(this.#root, () => unlink(blobPath(this.#root, descriptor.digest)))
    const referrers = await this.#referrerIndex()
    for (const [subject, list] of referrers) {
      referrers.set(
        subject,
        list.filter(({ digest }) => digest !== descriptor.digest),
      )
    }
  }

  async untag(tag: string): Promise<void> {
    const removed = await this.#index.remove(entry => {
      const name = splitName(entry)
      return name?.repository === this.name && name.tag === tag
    })
    if (!removed) throw this.#notFound(tag)
  }

  async #pushManifest(descriptor: Descriptor, content: Content, call: Call): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of verified(content.open({ offset: 0, signal: call.signal }), descriptor))
      chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const manifest = parseManifest(bytes, descriptor.mediaType, { digest: descriptor.digest })
    for (const child of childrenOf(manifest)) {
      if (isForeignLayer(child) || (await this.exists(child))) continue
      throw new GpregError(
        'blob-unknown',
        `${this.name} has no ${child.digest}, which ${descriptor.digest} needs`,
        { digest: child.digest },
      )
    }
    const known = manifest.subject && (await this.#referrerIndex())
    if (!(await this.exists(descriptor))) await this.#write(descriptor, contentFrom(bytes), call)
    if (manifest.subject && known)
      addReferrer(known, manifest.subject.digest, describeReferrer(descriptor, manifest))
  }

  /** Into a file of its own, checked while it is written, then under its digest in one step. */
  async #write(descriptor: Descriptor, content: Content, { signal }: Call): Promise<void> {
    const temporary = temporaryPath(this.#root)
    const file = await onDisk(this.#root, () => open(temporary, 'wx', 0o444))
    try {
      try {
        await writeAll(this.#root, file, verified(content.open({ offset: 0, signal }), descriptor), signal)
        signal?.throwIfAborted()
        await onDisk(this.#root, () => file.sync())
      } finally {
        await file.close()
      }
      await onDisk(this.#root, () => settle(temporary, blobPath(this.#root, descriptor.digest)))
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw error
    }
  }

  /** The index knows only what has a name; for the rest the document says what it is. */
  async #resolveDigest(digest: Digest): Promise<Descriptor> {
    const named = this.#index.entries().find(entry => entry.digest === digest)
    const size = await sizeOf(blobPath(this.#root, digest))
    if (size === undefined || size > MAX_MANIFEST_BYTES) throw this.#notFound(digest)
    const mediaType = named?.mediaType ?? (await readManifestFile(this.#root, digest))?.mediaType
    if (mediaType === undefined) throw this.#notFound(digest)
    return { mediaType, digest, size }
  }

  #notFound(what: string): GpregError {
    const separator = isDigest(what) ? '@' : ':'
    return new GpregError('not-found', `${this.name}${separator}${what} is not in ${this.#root}`, {
      path: this.#root,
    })
  }
}

/** The repository and tag of an entry. Others write a bare tag, or a whole reference with its host: both are understood. */
function splitName(entry: IndexEntry): { repository: string; tag: string } | undefined {
  const name = entry.annotations?.[REF_NAME]
  if (name === undefined) return undefined
  const colon = name.lastIndexOf(':')
  if (colon > name.lastIndexOf('/') && isTag(name.slice(colon + 1))) {
    return { repository: name.slice(0, colon), tag: name.slice(colon + 1) }
  }
  if (isTag(name)) return { repository: '', tag: name }
  const reference = tryParseReference(name)
  return reference && { repository: name.split('@')[0]!, tag: parseReference(name).tag ?? 'latest' }
}

async function assertLayoutOrEmpty(root: string): Promise<void> {
  let names: string[]
  try {
    names = await readdir(root)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new GpregError('input-unreadable', `cannot read the directory ${root}`, {
      path: root,
      cause: error,
    })
  }
  if (
    names.length === 0 ||
    ['oci-layout', 'index.json', 'blobs', 'ingest'].some(name => names.includes(name))
  )
    return
  throw new GpregError('input-invalid', `${root} is neither an OCI layout nor empty`, {
    path: root,
    hint: 'name an OCI image layout, or an empty or new directory',
  })
}
