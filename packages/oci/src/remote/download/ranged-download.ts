import type { Context } from '../../context.ts'
import type { GpregError } from '../../errors.ts'
import { download, parseRangeStart, type Download } from './download.ts'
import type { ApiResponse } from '../http/request.ts'
import { networkError } from '../http/failure.ts'
import type { HostBudget } from '../http/host-budget.ts'

const MIB = 1024 * 1024

/** One request asks for so much: small enough for a window of them in memory, large enough that a round trip hardly counts. */
const CHUNK = 4 * MIB

/** Connections for one blob, and chunks that may be ahead of the consumer: together they bound the memory. */
const MOST = 12
const WINDOW = 16

/** Fewer bytes than this are not worth more connections, nor is what one connection brings in so many milliseconds. */
const WORTH_SPLITTING = 64 * MIB
const SOON = 4_000

/** How long one connection, and then each number of connections, is watched, in milliseconds. */
const [FIRST_LOOK, LOOK] = [300, 600]

/** From one connection to so many, then to three times that. */
const FIRST_STEP = 4

/** What more connections must add to be kept. */
const GAIN = 1.15

/** A chunk that breaks is asked for again from the byte where it broke, so often; after that the plain way goes on. */
const CHUNK_TRIES = 3

export interface RangedDownload extends Download {
  readonly budget: HostBudget
  /** Asks for the bytes from `first` to `last`, once: any answer is taken. */
  openRange(first: number, last: number, signal: AbortSignal): Promise<ApiResponse>
}

/**
 * {@link download}, over several connections where one alone would be slow: the blob is large, no other one waits, the source
 * answers 206, and more connections bring more bytes. What comes is one ordered stream all the same. Where anything speaks
 * against it, one connection goes on from the byte that is wanted next. Every range is asked of the registry, so that signed
 * addresses are always fresh.
 */
export function rangedDownload(context: Context, whole: RangedDownload): AsyncGenerator<Uint8Array> {
  const isLarge = whole.descriptor.size - whole.offset >= WORTH_SPLITTING
  return isLarge ? splitDownload(context, whole) : download(context, whole)
}

async function* splitDownload(context: Context, whole: RangedDownload): AsyncGenerator<Uint8Array> {
  const { size } = whole.descriptor
  const started = context.now()
  let position = whole.offset
  let rate = 0
  for await (const chunk of download(context, whole)) {
    yield chunk
    position += chunk.byteLength
    const elapsed = context.now() - started
    if (elapsed < FIRST_LOOK || whole.budget.isWanted || size - position < WORTH_SPLITTING) continue
    rate = (position - whole.offset) / elapsed
    if ((size - position) / rate > SOON) break
  }
  if (position >= size) return
  const parts = new Parts(context, whole, position, rate)
  try {
    for await (const chunk of parts.read()) {
      yield chunk
      position += chunk.byteLength
    }
  } finally {
    parts.stop()
  }
  if (position < size) yield* download(context, { ...whole, offset: position })
}

/** One range: what has come of it so far. */
interface Part {
  readonly first: number
  readonly last: number
  readonly chunks: Uint8Array[]
  done: boolean
}

/** The rest of a blob in parts, several on their way at once. Ends early, and without an error, where that does not work out. */
class Parts {
  readonly #context: Context
  readonly #whole: RangedDownload
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  readonly #window: Part[] = []
  #next: number
  #workers = 0
  #wanted = FIRST_STEP
  #failed = false
  #wake = () => {}
  /** So many bytes arrived, on all connections, since their number was looked at; and when the first of them did. */
  #arrived = 0
  #since: number | undefined
  #best: { readonly rate: number; readonly workers: number }
  #settled = false

  /** @param rate what one connection brought, in bytes a millisecond */
  constructor(context: Context, whole: RangedDownload, position: number, rate: number) {
    this.#context = context
    this.#whole = whole
    this.#next = position
    this.#best = { rate, workers: 1 }
    this.#signal = AbortSignal.any([whole.signal, this.#abort.signal])
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      this.#staff()
      const part = this.#window[0]
      if (part === undefined) return
      const chunk = part.chunks.shift()
      if (chunk !== undefined) {
        yield chunk
      } else if (part.done) this.#window.shift()
      else if (this.#failed && this.#workers === 0) return
      else if (this.#signal.aborted) throw networkError(this.#signal.reason, this.#whole.asked)
      else await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  stop(): void {
    this.#abort.abort()
  }

  /** As many workers as are wanted and the host's budget has room for; the transfer itself has a slot already. */
  #staff(): void {
    while (!this.#failed && this.#workers < this.#wanted && this.#hasMore()) {
      const extra = this.#workers > 0
      if (extra && !this.#whole.budget.takeExtra()) return
      this.#workers++
      void this.#work().finally(() => {
        this.#workers--
        if (extra) this.#whole.budget.release()
        this.#wake()
      })
    }
  }

  #hasMore(): boolean {
    return this.#next < this.#whole.descriptor.size && this.#window.length < WINDOW
  }

  async #work(): Promise<void> {
    while (!this.#failed && this.#workers <= this.#wanted && this.#hasMore()) {
      const first = this.#next
      const last = Math.min(first + CHUNK, this.#whole.descriptor.size) - 1
      const part: Part = { first, last, chunks: [], done: false }
      this.#next = last + 1
      this.#window.push(part)
      if (!(await this.#fill(part))) this.#failed = true
    }
  }

  /** False where the source does not give the range. */
  async #fill(part: Part): Promise<boolean> {
    let position = part.first
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#whole.openRange(position, part.last, this.#signal)
        const start = parseRangeStart(response.header('content-range'))
        if (response.status !== 206 || start !== position) {
          // Not read to its end: with a 200, that would be the whole blob.
          response.body.destroy()
          return false
        }
        for await (const chunk of response.body) {
          position += chunk.byteLength
          if (position > part.last + 1) return false
          part.chunks.push(chunk)
          this.#adapt(chunk.byteLength)
          this.#wake()
        }
        if (position > part.last) {
          part.done = true
          return true
        }
      } catch (thrown) {
        const error: GpregError = networkError(thrown, this.#whole.asked)
        // A host that answers so (429, 503, 403, …) may have nothing against one connection.
        if (this.#signal.aborted || !error.retryable || error.subject.status !== undefined) return false
        const operation = `download of ${this.#whole.descriptor.digest}`
        this.#context.emit({ type: 'retry', operation, attempt, delay: 0, error })
      }
      if (attempt >= CHUNK_TRIES) return false
    }
  }

  /** More connections while they bring more; when they stop to, as many as were best. One alone ends all this. */
  #adapt(bytes: number): void {
    if (this.#settled) return
    const now = this.#context.now()
    // The round trips before the first byte are not the line's width.
    if (this.#since === undefined) return void (this.#since = now)
    this.#arrived += bytes
    const elapsed = now - this.#since
    if (elapsed < LOOK) return
    const rate = this.#arrived / elapsed
    if (rate > this.#best.rate * GAIN) {
      this.#best = { rate, workers: this.#wanted }
      this.#wanted = Math.min(MOST, this.#wanted * 3)
      this.#settled = this.#best.workers === MOST
    } else {
      this.#wanted = this.#best.workers
      this.#settled = true
      this.#failed = this.#wanted === 1
    }
    this.#arrived = 0
    this.#since = undefined
  }
}
