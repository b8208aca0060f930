import { readdir } from 'node:fs/promises'
import { GpregError } from '../../errors.ts'
import { fileFault } from '../../machine/file-fault.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { isManifestType } from '../../model/descriptor.ts'
import { digestAlgorithm, type Digest } from '../../model/digest.ts'
import { Claim } from '../claim.ts'
import { artifactIn, type Artifact } from '../artifact.ts'
import type {
  Deleter,
  Ingest,
  Ingester,
  Replacer,
  RepositoryLister,
  Untagger,
  UploadRemover,
} from '../capabilities.ts'
import type { Call, Content, Store } from '../content.ts'
import { HeldNames, nameOf, type IndexEntry } from './layout-content.ts'
import { DirectoryContent } from './layout-directory.ts'
import { ingestFolder } from './layout-files.ts'
import { prepareFolders, removeUploads } from './layout-folders.ts'
import { LayoutIndex } from './layout-index.ts'
import { LayoutIngest } from './layout-ingest.ts'
import { parentOf } from './layout-manifests.ts'
import { LayoutReader, layoutParts, repositoriesOf, splitName, type LayoutParts } from './layout-reader.ts'
import { ResumableDirectory } from '../resumable-directory.ts'
import { digestOfStream } from '../verify.ts'
import { ReferrerScan } from './referrer-scan.ts'
import { WritableLayoutRepository } from './layout-writer.ts'

/** Repositories that get their tags only by `finish`. */
export interface LayoutDraft {
  repository(name: string): WritableLayoutRepository
  finish(): Promise<void>
}

type DirectoryParts = LayoutParts<DirectoryContent, LayoutIndex>

/**
 * An OCI image layout on disk. Names are `org.opencontainers.image.ref.name` annotations of the form `repository:tag`, so that
 * `skopeo copy oci:DIR:library/redis:6.2 …` finds them.
 */
export class LayoutStore implements Store<LayoutRepository>, RepositoryLister, UploadRemover {
  readonly location: string
  readonly #parts: DirectoryParts

  private constructor(parts: DirectoryParts) {
    this.location = parts.content.location
    this.#parts = parts
  }

  /**
   * Opens a layout, or makes one in an empty or new directory.
   * @throws `input-invalid` if the directory holds something else, `storage`
   */
  static async open(
    root: string,
    now: number = Date.now(),
    content = new DirectoryContent(root),
  ): Promise<LayoutStore> {
    await assertLayoutOrEmpty(root)
    await prepareFolders(root, now)
    return new LayoutStore(layoutParts(content, await LayoutIndex.open(root)))
  }

  /**
   * Opens or makes a layout for a save: finished blobs are hashed before they count, unfinished ones are continued.
   * @param elsewhere content that is left out, because the destination of the layout is known to have it
   * @throws `input-invalid` if the directory holds something else, `storage`
   */
  static resume(
    root: string,
    now: number,
    elsewhere: ReadonlySet<Digest>,
    signal?: AbortSignal,
  ): Promise<LayoutStore> {
    return LayoutStore.open(root, now, new ResumableDirectory(root, elsewhere, signal))
  }

  /**
   * Opens a layout for reading, while others may write it. Nothing is written, because it may be on a read-only medium.
   * @throws `input-invalid`, `input-unreadable`
   */
  static async read(root: string): Promise<LayoutReader> {
    const content = new DirectoryContent(root)
    const scan = new ReferrerScan(content)
    return new LayoutReader({
      content,
      names: await LayoutIndex.read(root),
      referrers: () => scan.referrers(),
    })
  }

  /**
   * Claims the layout for this process, until the claim is disposed. Writers that do not claim it keep each other's names, but may
   * delete content that another one relies on.
   * @throws `storage` if another process holds a claim, `aborted`
   */
  claim(signal?: AbortSignal): Promise<Claim> {
    return Claim.make(ingestFolder(this.location), this.location, {
      signal,
      hint: 'end that process or wait for it, or name another directory; gpreg serve --read-only can run beside it',
    })
  }

  repository(name: string): LayoutRepository {
    return new LayoutRepository(name, this.#parts)
  }

  /** Holds tags back until all of them are written at once, because half of the new ones would break what the old ones name. */
  draft(): LayoutDraft {
    const { content, names } = this.#parts
    const held = new HeldNames()
    const parts = layoutParts(content, held)
    return {
      repository: name => new WritableLayoutRepository(name, parts),
      finish: async () => {
        // The index takes changes of one moment in one write.
        await Promise.all([...held.named].map(([name, descriptor]) => names.set(name, descriptor)))
      },
    }
  }

  /**
   * The artifact behind a name of this store: `repository[:tag][@digest]`.
   * @throws `reference-invalid`
   */
  artifact(name: string): Artifact<LayoutRepository> {
    return artifactIn(this, name)
  }

  async *repositories(): AsyncGenerator<string> {
    await this.#parts.names.refresh()
    yield* repositoriesOf(this.#parts.names)
  }

  removeUploads(before: number, open: ReadonlySet<string>): Promise<void> {
    return removeUploads(this.location, before, open)
  }
}

export class LayoutRepository
  extends WritableLayoutRepository
  implements Ingester, Deleter, Replacer, Untagger
{
  readonly #parts: DirectoryParts

  constructor(name: string, parts: DirectoryParts) {
    super(name, parts)
    this.#parts = parts
  }

  ingest(id?: string): Promise<Ingest | undefined> {
    const { location } = this.#parts.content
    return id === undefined ? LayoutIngest.create(location) : LayoutIngest.find(location, id)
  }

  async replace(descriptor: Descriptor, content: Content, { signal }: Call = {}): Promise<void> {
    await this.#parts.content.write(descriptor, content, signal)
  }

  /** A stored manifest is written again if its bytes are damaged, because only then is it pushed by a repair. */
  override async push(descriptor: Descriptor, content: Content, call: Call = {}): Promise<void> {
    await super.push(descriptor, content, call)
    if (isManifestType(descriptor.mediaType) && !(await this.#isSound(descriptor)))
      await this.replace(descriptor, content, call)
  }

  /** Deletes content unless a tag of another repository or a manifest still needs it, because all repositories share it. */
  async delete(descriptor: Descriptor): Promise<void> {
    const { content, names } = this.#parts
    if ((await content.size(descriptor.digest)) === undefined) throw this.notFound(descriptor.digest)
    await names.refresh()
    const isMine = (entry: IndexEntry) =>
      entry.digest === descriptor.digest && [undefined, this.name].includes(splitName(entry)?.repository)
    const others = names.entries().filter(entry => entry.digest === descriptor.digest && !isMine(entry))
    const user = (others[0] && nameOf(others[0])) ?? (await parentOf(content, descriptor.digest))
    if (user !== undefined) {
      throw new GpregError('forbidden', `${user} still needs ${descriptor.digest}`, {
        digest: descriptor.digest,
        hint: `delete ${user} first`,
      })
    }
    await names.remove(isMine)
    await content.delete(descriptor.digest)
    const referrers = await this.#parts.referrers()
    for (const [subject, list] of referrers) {
      referrers.set(
        subject,
        list.filter(({ digest }) => digest !== descriptor.digest),
      )
    }
  }

  /** Whether the stored bytes have the digest. Content that is left out on purpose is not looked at. */
  async #isSound({ digest }: Descriptor): Promise<boolean> {
    const { content } = this.#parts
    if ((await content.size(digest)) === undefined) return true
    return (await digestOfStream(content.read(digest, 0, undefined), digestAlgorithm(digest))) === digest
  }

  async untag(tag: string): Promise<void> {
    const removed = await this.#parts.names.remove(entry => {
      const name = splitName(entry)
      return name?.repository === this.name && name.tag === tag
    })
    if (!removed) throw this.notFound(tag)
  }
}

async function assertLayoutOrEmpty(root: string): Promise<void> {
  let names: string[]
  try {
    names = await readdir(root)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new GpregError('input-unreadable', `cannot read the directory ${root}: ${fileFault(error)}`, {
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
