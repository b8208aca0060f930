import type { ByteStream, Content } from '../../store/content.ts'
import { recycle } from '../../machine/lent-memory.ts'
import type { BufferPool } from './upload-resources.ts'

/** Bytes handed on at once: few enough that a slow registry takes them within the stall time-out. */
const PIECE = 64 * 1024

/** Bytes that are being read before they are needed. */
interface Ahead {
  readonly offset: number
  readonly bytes: Promise<Uint8Array>
}

/** An open stream of the content and its position. */
interface Reading {
  readonly stream: AsyncIterator<Uint8Array>
  position: number
  /** bytes that were read and belong to the next piece */
  rest?: Uint8Array | undefined
}

/**
 * Reads content piece by piece over one stream. If a piece does not start where the stream is, it opens the content again. While
 * a piece is being sent, the next one is already being read, so that source and target do not wait for each other.
 */
export class ContentReader {
  readonly #content: Content
  readonly #size: number
  readonly #closed = new AbortController()
  readonly #signal: AbortSignal
  /**
   * An open stream that nobody is reading. (A stream in use is never put here: a request that failed may still be awaiting
   * `next()` on it.)
   */
  #idle: Reading | undefined
  #ahead: Ahead | undefined
  readonly #buffers: BufferPool
  /** Two buffers in turns: one is being sent, the other filled. */
  readonly #memory: Buffer[] = []

  /** @param size of the content, bytes */
  constructor(content: Content, size: number, signal: AbortSignal, buffers: BufferPool) {
    this.#content = content
    this.#size = size
    this.#buffers = buffers
    this.#signal = AbortSignal.any([signal, this.#closed.signal])
  }

  /** Reads `length` bytes into memory, fewer at the end of the content. They are valid until the next call. */
  async take(offset: number, length: number): Promise<Uint8Array> {
    const ready = await this.#readyAt(offset)
    const bytes = ready.byteLength >= length ? ready.subarray(0, length) : await this.#fill(offset, length)
    const next = offset + bytes.byteLength
    if (next < this.#size) {
      this.#ahead = { offset: next, bytes: this.#fill(next, Math.min(length, this.#size - next), length) }
      // The error is thrown when the bytes are needed.
      this.#ahead.bytes.catch(() => {})
    }
    return bytes
  }

  /** Streams `length` bytes, fewer at the end of the content. */
  async *stream(offset: number, length: number): ByteStream {
    const ready = (await this.#readyAt(offset)).subarray(0, length)
    yield* piecesOf(ready)
    yield* this.#read(offset + ready.byteLength, length - ready.byteLength)
  }

  /** Closes the stream and returns the memory to the pool. */
  async close(): Promise<void> {
    this.#closed.abort()
    await this.#readyAt(-1)
    await this.#keep(undefined)
    this.#buffers.give(this.#memory.splice(0))
  }

  /** The bytes read ahead, if they begin here; none otherwise. Waits until reading ahead has ended. */
  async #readyAt(offset: number): Promise<Uint8Array> {
    const ahead = this.#ahead
    this.#ahead = undefined
    if (ahead?.offset === offset) return ahead.bytes
    await ahead?.bytes.catch(() => {})
    return new Uint8Array()
  }

  /** Reads bytes into memory. @param room bytes of new memory, for later and longer pieces */
  async #fill(offset: number, length: number, room = length): Promise<Uint8Array> {
    const used = this.#memory.length > 1 ? this.#memory.shift() : undefined
    const memory = used !== undefined && used.byteLength >= length ? used : this.#buffers.take(length, room)
    this.#memory.push(memory)
    let filled = 0
    for await (const chunk of this.#read(offset, length)) {
      memory.set(chunk, filled)
      filled += chunk.byteLength
      recycle(chunk)
    }
    return memory.subarray(0, filled)
  }

  /** Streams bytes over the idle stream, or over a new one. If the consumer stops early, the stream is closed. */
  async *#read(offset: number, length: number): ByteStream {
    if (length === 0) return
    const reading = await this.#readingAt(offset)
    let left = length
    try {
      while (left > 0) {
        const chunk = await nextOf(reading)
        if (chunk === undefined) return
        const wanted = chunk.subarray(0, left)
        if (wanted.byteLength < chunk.byteLength) reading.rest = chunk.subarray(wanted.byteLength)
        reading.position += wanted.byteLength
        left -= wanted.byteLength
        yield wanted
      }
    } finally {
      if (left === 0) await this.#keep(reading)
      else await reading.stream.return?.()
    }
  }

  async #readingAt(offset: number): Promise<Reading> {
    const idle = this.#idle
    this.#idle = undefined
    if (idle?.position === offset) return idle
    await idle?.stream.return?.()
    const stream: ByteStream = this.#content.open({ offset, signal: this.#signal })
    return { stream: stream[Symbol.asyncIterator](), position: offset }
  }

  async #keep(reading: Reading | undefined): Promise<void> {
    const before = this.#idle
    this.#idle = reading
    await before?.stream.return?.()
  }
}

async function nextOf(reading: Reading): Promise<Uint8Array | undefined> {
  const { rest } = reading
  reading.rest = undefined
  if (rest !== undefined) return rest
  const { done, value } = await reading.stream.next()
  return done === true ? undefined : value
}

/** Bytes in small pieces. */
export async function* piecesOf(bytes: Uint8Array): ByteStream {
  for (let start = 0; start < bytes.byteLength; start += PIECE) yield bytes.subarray(start, start + PIECE)
}
