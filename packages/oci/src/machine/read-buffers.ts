import { Loan } from './lent-memory.ts'

/** Bytes that are read from a socket at once, if it has them: eight times what Node reads, for a third of the calls. */
export const LARGE = 512 * 1024

/** Buffers at most. A buffer that nobody recycles counts until it is collected. */
const MOST = 128

const free: Buffer[] = []
let alive = 0
const collected = new FinalizationRegistry<void>(() => alive--)

/** A buffer of {@link LARGE} bytes that nobody uses; undefined if there are too many. */
export function takeBuffer(): Buffer | undefined {
  const used = free.pop()
  if (used !== undefined || alive >= MOST) return used
  const memory = Buffer.allocUnsafeSlow(LARGE)
  alive++
  collected.register(memory.buffer)
  return memory
}

/** Keeps a buffer that is not needed any more for the next one who takes one. */
export function giveBuffer(memory: Buffer): void {
  free.push(memory)
}

/** Lends a buffer to the consumers of its chunks. It is free again when they have recycled all of them. */
export function lendBuffer(memory: Buffer): Loan {
  return new Loan(memory, () => giveBuffer(memory))
}

/** Chunks as one piece, in memory of its own: a small document that is kept would keep the memory that Node's buffers share. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = Buffer.allocUnsafeSlow(chunks.reduce((size, { byteLength }) => size + byteLength, 0))
  let end = 0
  for (const chunk of chunks) {
    joined.set(chunk, end)
    end += chunk.byteLength
  }
  return joined
}
