import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { GpregError } from '../../errors.ts'
import { MediaType, type Descriptor } from '../../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../../model/digest.ts'
import type { Ingest } from '../capabilities.ts'
import type { ByteStream, Call } from '../content.ts'
import { ingestPath, onDisk, readFrom, settleBlob, sizeOf, writeAll } from './layout-files.ts'
import { assertNoLink, hasLink } from './layout-links.ts'
import { digestOfStream } from '../verify.ts'

/** An upload into a layout, before its digest is known. Its bytes outlive the process, so that the upload can continue. */
export class LayoutIngest implements Ingest {
  readonly id: string
  readonly #root: string
  #size: number
  /** SHA-256 of the bytes appended by this object. */
  #hash = createHash('sha256')
  /** bytes in the hash */
  #hashed = 0

  private constructor(root: string, id: string, size: number) {
    this.#root = root
    this.id = id
    this.#size = size
  }

  static async create(root: string): Promise<LayoutIngest> {
    const id = randomUUID()
    await assertNoLink(root, 'ingest')
    await onDisk(root, async () => (await open(ingestPath(root, id), 'wx')).close())
    return new LayoutIngest(root, id, 0)
  }

  /** The ingest with this id; undefined if there is none. */
  static async find(root: string, id: string): Promise<LayoutIngest | undefined> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return undefined
    const size = (await hasLink(root, 'ingest')) ? undefined : await sizeOf(ingestPath(root, id))
    return size === undefined ? undefined : new LayoutIngest(root, id, size)
  }

  get size(): number {
    return this.#size
  }

  async append(bytes: ByteStream, { signal }: Call = {}): Promise<void> {
    const file = await this.#open(constants.O_WRONLY | constants.O_APPEND)
    try {
      await writeAll(this.#root, file, this.#counted(bytes), signal)
    } finally {
      this.#size = (await file.stat()).size
      await file.close()
    }
  }

  async commit(digest: Digest): Promise<Descriptor> {
    const found = await this.#digest(digest)
    if (found !== digestHex(digest)) {
      await this.discard()
      throw new GpregError('digest-mismatch', `expected ${digest}, got ${digestAlgorithm(digest)}:${found}`, {
        digest,
      })
    }
    const file = await this.#open(constants.O_RDWR)
    try {
      await onDisk(this.#root, async () => {
        await file.chmod(0o444)
        await file.sync()
      })
    } finally {
      await file.close()
    }
    await settleBlob(this.#path(), this.#root, digest)
    return { mediaType: MediaType.octetStream, digest, size: this.#size }
  }

  async discard(): Promise<void> {
    await unlink(this.#path()).catch(() => {})
  }

  /** The digest of all bytes: hashed while they were appended, or read back if another process appended some. */
  async #digest(digest: Digest): Promise<string> {
    const algorithm = digestAlgorithm(digest)
    if (algorithm === 'sha256' && this.#hashed === this.#size) return this.#hash.copy().digest('hex')
    return digestHex(await digestOfStream(readFrom(this.#path(), 0, undefined), algorithm))
  }

  async *#counted(bytes: ByteStream): ByteStream {
    for await (const chunk of bytes) {
      this.#hash.update(chunk)
      this.#hashed += chunk.byteLength
      yield chunk
    }
  }

  /** Opens the file. It must exist and be no link, because the bytes of the upload must not go anywhere else. */
  async #open(flags: number): Promise<FileHandle> {
    await assertNoLink(this.#root, 'ingest')
    return onDisk(this.#root, () => open(this.#path(), flags | constants.O_NOFOLLOW))
  }

  #path(): string {
    return ingestPath(this.#root, this.id)
  }
}
