import type { ByteStream, Content } from '../store/content.ts'

/** Reads content piece by piece over one stream; from elsewhere than where it is, it opens another. */
export class ContentReader {
  readonly #content: Content
  readonly #signal: AbortSignal
  #stream: AsyncIterator<Uint8Array> | undefined
  #position = 0
  /** what came with the last piece and belongs to the next */
  #rest: Uint8Array | undefined

  constructor(content: Content, signal: AbortSignal) {
    this.#content = content
    this.#signal = signal
  }

  /** So many bytes from an offset on; fewer where the content ends. Who leaves before that has to open it again. */
  async *read(offset: number, length: number): ByteStream {
    if (this.#stream === undefined || this.#position !== offset) await this.#openAt(offset)
    let left = length
    try {
      while (left > 0) {
        const chunk = await this.#next()
        if (chunk === undefined) return
        const wanted = chunk.subarray(0, left)
        if (wanted.byteLength < chunk.byteLength) this.#rest = chunk.subarray(wanted.byteLength)
        this.#position += wanted.byteLength
        left -= wanted.byteLength
        yield wanted
      }
    } finally {
      if (left > 0) await this.close()
    }
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    const stream = this.#stream
    this.#stream = undefined
    this.#rest = undefined
    await stream?.return?.()
  }

  async #openAt(offset: number): Promise<void> {
    await this.close()
    const stream: ByteStream = this.#content.open({ offset, signal: this.#signal })
    this.#stream = stream[Symbol.asyncIterator]()
    this.#position = offset
  }

  async #next(): Promise<Uint8Array | undefined> {
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) return rest
    const { done, value } = await this.#stream!.next()
    return done === true ? undefined : value
  }
}
