/** Memory whose chunks were handed on, by its buffer. */
const loans = new WeakMap<ArrayBufferLike, Loan>()

/** Memory that is given back when its last chunk is recycled. If that never happens, it is collected as any other memory. */
export class Loan {
  readonly #memory: ArrayBufferLike
  readonly #giveBack: () => void
  /** where the last chunk ends; undefined while more may come */
  #end: number | undefined
  /** where the last chunk ends that was recycled */
  #recycled = 0

  /** @param memory is a whole buffer, not a part of one */
  constructor(memory: Uint8Array, giveBack: () => void) {
    this.#memory = memory.buffer
    this.#giveBack = giveBack
    loans.set(this.#memory, this)
  }

  /** No chunk comes any more. @param end bytes of all chunks */
  close(end: number): void {
    this.#end = end
    this.recycleTo(this.#recycled)
  }

  recycleTo(end: number): void {
    this.#recycled = end
    if (end !== this.#end) return
    loans.delete(this.#memory)
    this.#giveBack()
  }
}

/**
 * Gives the memory of a chunk back, if it is lent. For the last consumer of a stream, which has no use for this chunk and all chunks
 * before it any more: several chunks may lie in one buffer, and the last of them frees it.
 */
export function recycle(chunk: Uint8Array): void {
  loans.get(chunk.buffer)?.recycleTo(chunk.byteOffset + chunk.byteLength)
}
