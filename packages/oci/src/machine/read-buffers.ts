import type { OnReadOpts, Socket } from 'node:net'

/** Bytes that are read from a socket at once, if it has them: four times what Node reads, for a quarter of the calls. */
const SIZE = 256 * 1024

/** Buffers at most. A buffer that nobody recycles counts until it is collected. */
const MOST = 128

/** What all sockets read into that receive little. Its bytes are copied at once, so that no answer holds a large buffer. */
const COMMON = Buffer.allocUnsafeSlow(64 * 1024)

const free: Buffer[] = []
let alive = 0
const collected = new FinalizationRegistry<void>(() => alive--)

/** Memory of which chunks were handed on: where the last of them ends, and what gives the memory back. */
const lent = new WeakMap<ArrayBufferLike, { readonly end: number; readonly giveBack: () => void }>()

/** What the socket reads into next whose read was handled last. */
let next: Buffer = COMMON

/**
 * Options of a socket that reads into large buffers, which are used again after {@link recycle}. Larger reads alone would cost more
 * than they save, because the system clears the pages of all new memory. Windows fills buffers before it says so, so that sockets
 * cannot share one: there Node reads as always.
 * https://nodejs.org/api/net.html#new-netsocketoptions
 */
export const largeReads: { readonly onread?: OnReadOpts } =
  process.platform === 'win32' ? {} : { onread: { buffer: nextBuffer, callback: takeRead } }

/**
 * Lends memory to the consumer of its chunks. If they are not recycled, it is collected as any other memory.
 * @param memory is a whole buffer, not a part of one
 * @param end bytes of all chunks
 * @param giveBack is called when the last chunk is recycled
 */
export function lend(memory: Uint8Array, end: number, giveBack: () => void): void {
  lent.set(memory.buffer, { end, giveBack })
}

/**
 * Gives the memory of a chunk back, if it is lent. For the last consumer of a stream, which has no use for this chunk and all chunks
 * before it any more: several chunks may lie in one buffer, and the last of them frees it.
 */
export function recycle(chunk: Uint8Array): void {
  const loan = lent.get(chunk.buffer)
  if (loan === undefined || chunk.byteOffset + chunk.byteLength !== loan.end) return
  lent.delete(chunk.buffer)
  loan.giveBack()
}

/** Node asks for it when a socket is made, and after each read. */
function nextBuffer(): Buffer {
  const buffer = next
  next = COMMON
  return buffer
}

/** @returns false to stop reading until the socket is read from */
function takeRead(this: unknown, bytes: number, memory: Uint8Array): boolean {
  const socket = this as Socket
  const isLarge = memory !== COMMON
  if (isLarge && bytes >= SIZE / 4) {
    lend(memory, bytes, () => free.push(memory as Buffer))
    next = largeBuffer()
    return socket.push(memory.subarray(0, bytes))
  }
  if (isLarge) free.push(memory as Buffer)
  else if (bytes === COMMON.byteLength) next = largeBuffer()
  return socket.push(Buffer.from(memory.subarray(0, bytes)))
}

function largeBuffer(): Buffer {
  const used = free.pop()
  if (used !== undefined || alive >= MOST) return used ?? COMMON
  const memory = Buffer.allocUnsafeSlow(SIZE)
  alive++
  collected.register(memory.buffer)
  return memory
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
