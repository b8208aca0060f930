import type { Socket } from 'node:net'

/** Bytes that are read from a socket at once, if it has them: four times what Node reads, for a quarter of the calls. */
const SIZE = 256 * 1024

/** Bytes of a read if all buffers are in use, as Node reads by itself. */
const SIZE_WITHOUT_BUFFER = 64 * 1024

/** Buffers at most. A buffer that nobody recycles counts until it is collected. */
const MOST = 128

const free: Buffer[] = []
let alive = 0
const collected = new FinalizationRegistry<void>(() => alive--)

/** The bytes that were read into each buffer that was handed on. */
const handedOn = new WeakMap<ArrayBufferLike, { readonly memory: Buffer; readonly end: number }>()

/** The buffer that the next read of the same socket fills again, because the last one was copied. */
let again: Uint8Array | undefined

/**
 * Options of a socket that reads into large buffers, which are used again after {@link recycle}. Larger reads alone would cost more
 * than they save, because the system clears the pages of all new memory.
 * https://nodejs.org/api/net.html#new-netsocketoptions
 */
export const largeReads = {
  /** Node asks for the next buffer after each call of `callback`. */
  buffer(): Uint8Array {
    const memory =
      again ?? free.pop() ?? (alive < MOST ? newBuffer() : Buffer.allocUnsafeSlow(SIZE_WITHOUT_BUFFER))
    again = undefined
    return memory
  },
  /** @returns false to stop reading until the socket is read from */
  callback(this: unknown, bytes: number, memory: Uint8Array): boolean {
    const socket = this as Socket
    // A small answer must not hold a large buffer, so it is copied.
    if (bytes < memory.byteLength / 4) {
      again = memory
      return socket.push(Buffer.from(memory.subarray(0, bytes)))
    }
    if (memory.byteLength === SIZE) handedOn.set(memory.buffer, { memory: memory as Buffer, end: bytes })
    return socket.push(memory.subarray(0, bytes))
  },
}

/**
 * Gives the memory of a chunk back, if a socket was read into it. For the last consumer of a stream, which has no use for this chunk
 * and all chunks before it any more: several chunks may lie in one buffer, and the last of them frees it.
 */
export function recycle(chunk: Uint8Array): void {
  const read = handedOn.get(chunk.buffer)
  if (read === undefined || chunk.byteOffset + chunk.byteLength !== read.end) return
  handedOn.delete(chunk.buffer)
  free.push(read.memory)
}

function newBuffer(): Buffer {
  const memory = Buffer.allocUnsafeSlow(SIZE)
  alive++
  collected.register(memory.buffer)
  return memory
}
