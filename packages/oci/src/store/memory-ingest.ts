import { randomUUID } from 'node:crypto'
import { GpregError } from '../errors.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, type Digest } from '../model/digest.ts'
import { digestOf } from '../model/hash.ts'
import type { Ingest } from './capabilities.ts'
import type { ByteStream } from './content.ts'

/** An upload into a repository in memory, before its digest is known. */
export class MemoryIngest implements Ingest {
  readonly id = randomUUID()
  readonly #chunks: Uint8Array[] = []
  readonly #keep: (descriptor: Descriptor, bytes: Uint8Array) => void
  readonly #open: Map<string, MemoryIngest>

  constructor(keep: (descriptor: Descriptor, bytes: Uint8Array) => void, open: Map<string, MemoryIngest>) {
    this.#keep = keep
    this.#open = open
  }

  get size(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  }

  async append(bytes: ByteStream): Promise<void> {
    for await (const chunk of bytes) this.#chunks.push(Uint8Array.from(chunk))
  }

  async commit(digest: Digest): Promise<Descriptor> {
    await this.discard()
    const bytes = Buffer.concat(this.#chunks)
    const found = digestOf(bytes, digestAlgorithm(digest))
    if (found !== digest)
      throw new GpregError('digest-mismatch', `expected ${digest}, got ${found}`, { digest })
    const descriptor = { mediaType: MediaType.octetStream, digest, size: bytes.byteLength }
    this.#keep(descriptor, bytes)
    return descriptor
  }

  async discard(): Promise<void> {
    this.#open.delete(this.id)
  }
}
