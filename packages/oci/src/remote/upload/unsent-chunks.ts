import { recycle } from '../../machine/lent-memory.ts'

/** A socket takes more while it has fewer unwritten bytes than this, its `highWaterMark` in undici. */
const FILLS_SOCKET = 64 * 1024

/** The chunks that a socket has taken and may not have written. Their memory must not be used again before. */
export class UnsentChunks {
  readonly #chunks: Uint8Array[] = []
  #bytes = 0

  /** Adds a chunk, after which the socket takes more: so it has written all but fewer bytes than it takes. */
  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.byteLength
    // A socket that was full takes more when it has written everything.
    if (chunk.byteLength >= FILLS_SOCKET) this.recycle()
    for (let first; (first = this.#chunks[0]) && this.#bytes - first.byteLength >= FILLS_SOCKET;)
      this.#recycleFirst()
  }

  /** Recycles all chunks, when the registry has them. */
  recycle(): void {
    while (this.#chunks.length > 0) this.#recycleFirst()
  }

  #recycleFirst(): void {
    const chunk = this.#chunks.shift()!
    this.#bytes -= chunk.byteLength
    recycle(chunk)
  }
}
