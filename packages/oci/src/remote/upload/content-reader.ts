import type { ByteStream, Content } from '../../store/content.ts'

/** What is in memory is handed on in pieces of this size: a slow registry takes one within the stall time-out. */
const PIECE = 64 * 1024

/**
 * Memory of readers that are closed, for the next ones. It is shared memory although nobody shares it: V8 counts what other
 * buffers hold as if it were garbage to be, and collects the whole heap every 60 ms while there are a few of this size.
 */
const POOL: Buffer[] = []

interface Ahead {
  readonly offset: number
  readonly bytes: Promise<Uint8Array>
}

/** A stream of the content, and how far it has been read. */
interface Reading {
  readonly stream: AsyncIterator<Uint8Array>
  position: number
  /** what came with the last piece and belongs to the next */
  rest?: Uint8Array | undefined
}

/**
 * Reads content piece by piece over one stream; from elsewhere than where it is, it opens another. While a piece that was taken
 * is used, the next one is on its way, so that neither line waits for the other.
 */
export class ContentReader {
  readonly #content: Content
  readonly #size: number
  readonly #closed = new AbortController()
  readonly #signal: AbortSignal
  /** Not in use: a request that broke may still wait for the next bytes of another one. */
  #idle: Reading | undefined
  #ahead: Ahead | undefined
  /** One that is used and one that is filled, in turns. */
  readonly #memory: Buffer[] = []

  /** @param size of the content, bytes */
  constructor(content: Content, size: number, signal: AbortSignal) {
    this.#content = content
    this.#size = size
    this.#signal = AbortSignal.any([signal, this.#closed.signal])
  }

  /** So many bytes from an offset on, in memory until the next call; fewer where the content ends. */
  async take(offset: number, length: number): Promise<Uint8Array> {
    const ready = await this.#readyAt(offset)
    const bytes = ready.byteLength >= length ? ready.subarray(0, length) : await this.#fill(offset, length)
    const next = offset + bytes.byteLength
    if (next < this.#size) {
      this.#ahead = { offset: next, bytes: this.#fill(next, Math.min(length, this.#size - next), length) }
      // Whoever wants it gets the error.
      this.#ahead.bytes.catch(() => {})
    }
    return bytes
  }

  /** So many bytes from an offset on, as a stream; fewer where the content ends. */
  async *stream(offset: number, length: number): ByteStream {
    const ready = (await this.#readyAt(offset)).subarray(0, length)
    yield* piecesOf(ready)
    yield* this.#read(offset + ready.byteLength, length - ready.byteLength)
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    this.#closed.abort()
    await this.#readyAt(-1)
    await this.#keep(undefined)
    POOL.push(...this.#memory.splice(0))
  }

  /** What was read ahead, if it begins here; nobody reads beside it. */
  async #readyAt(offset: number): Promise<Uint8Array> {
    const ahead = this.#ahead
    this.#ahead = undefined
    if (ahead?.offset === offset) return ahead.bytes
    await ahead?.bytes.catch(() => {})
    return new Uint8Array()
  }

  /** @param room at least so much memory, for later and longer pieces */
  async #fill(offset: number, length: number, room = length): Promise<Uint8Array> {
    const before = (this.#memory.length > 1 ? this.#memory.shift() : POOL.pop()) ?? Buffer.alloc(0)
    const memory = before.byteLength < length ? Buffer.from(new SharedArrayBuffer(room)) : before
    this.#memory.push(memory)
    let filled = 0
    for await (const chunk of this.#read(offset, length)) {
      memory.set(chunk, filled)
      filled += chunk.byteLength
    }
    return memory.subarray(0, filled)
  }

  /** Who leaves before the end has to open the content again. */
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

/** Bytes in pieces that are soon taken. */
export async function* piecesOf(bytes: Uint8Array): ByteStream {
  for (let start = 0; start < bytes.byteLength; start += PIECE) yield bytes.subarray(start, start + PIECE)
}
