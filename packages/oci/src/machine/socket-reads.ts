import type { OnReadOpts, Socket } from 'node:net'
import { giveBuffer, lendBuffer, takeBuffer } from './read-buffers.ts'
import { recordsOf } from './tls-records.ts'

/** What all sockets read into that receive little. Its bytes are copied at once, so that no answer holds a large buffer. */
const COMMON = Buffer.allocUnsafeSlow(64 * 1024)

/** What the socket reads into next whose read was handled last. */
let next: Buffer = COMMON

/**
 * Options of a socket that reads into large buffers, which are used again after they were recycled. Larger reads alone would cost more
 * than they save, because the system clears the pages of all new memory. Windows fills buffers before it says so, so that sockets
 * cannot share one: there Node reads as always.
 * https://nodejs.org/api/net.html#new-netsocketoptions
 */
export const largeReads: { readonly onread?: OnReadOpts } =
  process.platform === 'win32' ? {} : { onread: { buffer: nextBuffer, callback: takeRead } }

/** Node asks for it when a socket is made, and after each read. */
function nextBuffer(): Buffer {
  const buffer = next
  next = COMMON
  return buffer
}

/** @returns false to stop reading until the socket is read from */
function takeRead(this: unknown, bytes: number, memory: Uint8Array): boolean {
  const socket = this as Socket & { readonly encrypted?: boolean }
  if (socket.encrypted) {
    const records = recordsOf(socket)
    const isMoreWanted = records.take(memory.subarray(0, bytes))
    next = records.room ?? COMMON
    return isMoreWanted
  }
  const isLarge = memory !== COMMON
  if (isLarge && bytes >= COMMON.byteLength) {
    lendBuffer(memory as Buffer).close(bytes)
    next = takeBuffer() ?? COMMON
    return socket.push(memory.subarray(0, bytes))
  }
  if (isLarge) giveBuffer(memory as Buffer)
  else if (bytes === COMMON.byteLength) next = takeBuffer() ?? COMMON
  return socket.push(Buffer.from(memory.subarray(0, bytes)))
}
