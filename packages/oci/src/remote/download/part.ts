import { Loan, recycle } from '../../machine/lent-memory.ts'

/** Bytes of one range: few enough to hold a window of them in memory, and enough that a round trip hardly counts. */
const SIZE = 4 * 1024 * 1024

/** Memory of ranges that are read, for the next ones. */
const free: Buffer[] = []

/** A part of a blob that is downloaded as one range, and the bytes received of it. */
export class Part {
  /** the first byte after the range */
  readonly end: number
  readonly #start: number
  readonly #memory = free.pop() ?? Buffer.allocUnsafeSlow(SIZE)
  #received = 0
  #read = 0

  /** @param size bytes of the blob */
  constructor(start: number, size: number) {
    this.#start = start
    this.end = Math.min(start + SIZE, size)
    new Loan(this.#memory, () => free.push(this.#memory)).close(this.end - start)
  }

  /** The next byte that is wanted from the source. */
  get position(): number {
    return this.#start + this.#received
  }

  get isWhole(): boolean {
    return this.position === this.end
  }

  get isRead(): boolean {
    return this.#start + this.#read === this.end
  }

  /**
   * Copies a chunk, because a window of chunks would hold several times its bytes in the memory of sockets.
   * @returns false if these are more bytes than the range has
   */
  receive(chunk: Uint8Array): boolean {
    if (this.position + chunk.byteLength > this.end) return false
    this.#memory.set(chunk, this.#received)
    this.#received += chunk.byteLength
    recycle(chunk)
    return true
  }

  /** What can be handed on, if anything. */
  take(): Uint8Array | undefined {
    const start = this.#read
    if (start === this.#received) return undefined
    this.#read = this.#received
    return this.#memory.subarray(start, this.#received)
  }
}
