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

  /** The bytes from an offset on, so many of them, in memory. Fewer where the content ends. */
  async take(offset: number, length: number): Promise<Uint8Array[]> {
    if (this.#stream === undefined || this.#position !== offset) await this.#openAt(offset)
    const chunks: Uint8Array[] = []
    for (let left = length; left > 0;) {
      const chunk = await this.#next()
      if (chunk === undefined) break
      const wanted = chunk.subarray(0, left)
      if (wanted.byteLength < chunk.byteLength) this.#rest = chunk.subarray(wanted.byteLength)
      chunks.push(wanted)
      left -= wanted.byteLength
      this.#position += wanted.byteLength
    }
    return chunks
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
