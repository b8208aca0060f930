import { createHash, randomUUID } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import { GpregError } from '../../errors.ts'
import { MediaType, type Descriptor } from '../../model/descriptor.ts'
import { digestAlgorithm, digestHex, type Digest } from '../../model/digest.ts'
import type { Ingest } from '../capabilities.ts'
import type { ByteStream, Call } from '../content.ts'
import { blobPath, ingestPath, onDisk, readFrom, settle, sizeOf, writeAll } from './layout-files.ts'
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
    await onDisk(root, async () => (await open(ingestPath(root, id), 'wx')).close())
    return new LayoutIngest(root, id, 0)
  }

  /** The ingest with this id; undefined if there is none. */
  static async find(root: string, id: string): Promise<LayoutIngest | undefined> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return undefined
    const size = await sizeOf(ingestPath(root, id))
    return size === undefined ? undefined : new LayoutIngest(root, id, size)
  }

  get size(): number {
    return this.#size
  }

  async append(bytes: ByteStream, { signal }: Call = {}): Promise<void> {
    const file = await onDisk(this.#root, () => open(this.#path(), 'a'))
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
    await onDisk(this.#root, async () => {
      const file = await open(this.#path(), 'r+')
      try {
        await file.chmod(0o444)
        await file.sync()
      } finally {
        await file.close()
      }
      await settle(this.#path(), blobPath(this.#root, digest))
    })
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

  #path(): string {
    return ingestPath(this.#root, this.id)
  }
}
