import { GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import type { ByteStream } from '../content.ts'
import { damaged } from '../damage.ts'
import type { IndexEntry, LayoutContent, LayoutNames } from '../layout/layout-content.ts'
import { parseIndex } from '../layout/layout-index.ts'
import { LayoutReader, layoutParts } from '../layout/layout-reader.ts'
import { readTarIndex, type TarIndex } from './tar-index.ts'
import type { Extent } from './tar-members.ts'
import { VolumeReader } from './volumes.ts'

export interface ArchiveOptions {
  /** Name of the archive for messages; default: its first path */
  readonly name?: string
  /** Names of documents that it may have beside those of an OCI layout. */
  readonly documents?: readonly string[]
}

/** An OCI layout in one tar or several volumes, read in place: nothing is unpacked or copied. */
export class Archive extends LayoutReader implements AsyncDisposable {
  readonly volumes: VolumeReader
  readonly index: TarIndex

  private constructor(name: string, volumes: VolumeReader, index: TarIndex, names: LayoutNames) {
    super(layoutParts(new TarContent(name, volumes, index), names))
    this.volumes = volumes
    this.index = index
  }

  /**
   * Opens the files until {@link close}.
   * @param paths of the archive, or of its volumes in their order
   * @throws `bundle-damaged`, `storage`, `input-invalid`
   */
  static async open(paths: string | readonly string[], options: ArchiveOptions = {}): Promise<Archive> {
    const files = typeof paths === 'string' ? [paths] : paths
    const { name = files[0] ?? '', documents = [] } = options
    const volumes = await VolumeReader.open(files)
    try {
      const index = await readTarIndex(volumes, name, documents)
      const { start, size } = index.layoutIndex
      const text = (await volumes.bytes(start, size)).toString('utf8')
      const entries = readEntries(text, name)
      return new Archive(name, volumes, index, { entries: () => entries })
    } catch (error) {
      await volumes[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The text of a document beside the blobs. */
  async document(name: string): Promise<string | undefined> {
    const extent = this.index.documents.get(name)
    return extent && (await this.volumes.bytes(extent.start, extent.size)).toString('utf8')
  }

  /** Closes the files. */
  close(): Promise<void> {
    return this.volumes[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** @throws `bundle-damaged` */
function readEntries(text: string, name: string): readonly IndexEntry[] {
  try {
    return parseIndex(text, `index.json of ${name}`).manifests ?? []
  } catch (cause) {
    throw damaged(`index.json in ${name} is damaged`, name, cause)
  }
}

class TarContent implements LayoutContent {
  readonly location: string
  readonly #volumes: VolumeReader
  readonly #blobs: ReadonlyMap<Digest, Extent>

  constructor(location: string, volumes: VolumeReader, { blobs }: TarIndex) {
    this.location = location
    this.#volumes = volumes
    this.#blobs = blobs
  }

  async has({ digest, size }: Descriptor): Promise<boolean> {
    return this.#blobs.get(digest)?.size === size
  }

  async size(digest: Digest): Promise<number | undefined> {
    return this.#blobs.get(digest)?.size
  }

  async *read(digest: Digest, offset: number, signal: AbortSignal | undefined): ByteStream {
    const extent = this.#blobs.get(digest)
    if (extent === undefined)
      throw new GpregError('not-found', `${digest} is not in ${this.location}`, {
        digest,
        path: this.location,
      })
    yield* this.#volumes.read(extent.start + offset, extent.start + extent.size, signal)
  }

  async *digests(): AsyncGenerator<Digest> {
    yield* this.#blobs.keys()
  }
}
