import type { Context } from '../../context.ts'
import { abortedError, type GpregError } from '../../errors.ts'
import { download, parseRangeStart, type Download } from './download.ts'
import type { ApiResponse } from '../http/request.ts'
import { SpareTime } from '../../spare-time.ts'
import { networkError } from '../http/failure.ts'
import type { HostBudget } from '../http/host-budget.ts'
import { Part } from './part.ts'

const MIB = 1024 * 1024

/** Connections for one blob at most. */
const MOST = 12

/** Ranges in memory for each connection: one that arrives, and now and then one that waits for those before it. */
const RANGES_EACH = 4 / 3

/** Bytes that must be left for more than one connection to be worth it. */
const WORTH_SPLITTING = 64 * MIB

/** Milliseconds that one connection would need for the rest; below, more connections are not worth it. */
const SOON = 4_000

/** Milliseconds for which the throughput is measured, of one connection and then of each number of connections. */
const [FIRST_LOOK, LOOK] = [300, 600]

/** Connections after the first step; each later step triples them. */
const FIRST_STEP = 4

/** Factor by which a step must raise the throughput to be kept. */
const GAIN = 1.15

/** Tries for one range, each from the byte where the last one broke. After that one connection downloads the rest. */
const CHUNK_TRIES = 3

export interface RangedDownload extends Download {
  readonly budget: HostBudget
  /** Requests the bytes from `first` to `last`, without retries. */
  openRange(first: number, last: number, signal: AbortSignal): Promise<ApiResponse>
}

/**
 * Downloads a blob as {@link download} does, over several connections if one alone would be slow: the blob is large, no other one
 * waits, the process has time, the source answers 206, and more connections raise the throughput. The consumer sees one ordered
 * stream. If one of this does not hold, one connection downloads the rest. Every range is requested from the registry, so that
 * redirects to signed addresses are always fresh.
 */
export function rangedDownload(context: Context, whole: RangedDownload): AsyncGenerator<Uint8Array> {
  const isLarge = whole.descriptor.size - whole.offset >= WORTH_SPLITTING
  return isLarge ? splitDownload(context, whole) : download(context, whole)
}

async function* splitDownload(context: Context, whole: RangedDownload): AsyncGenerator<Uint8Array> {
  const { size } = whole.descriptor
  const spare = new SpareTime(context)
  let position = whole.offset
  let parts: Parts | undefined
  try {
    for await (const chunk of download(context, whole)) {
      yield chunk
      position += chunk.byteLength
      const { elapsed } = spare
      if (parts !== undefined || elapsed < FIRST_LOOK || !spare.isLeft) continue
      if (whole.budget.isWanted || size - position < WORTH_SPLITTING) continue
      const rate = (position - whole.offset) / elapsed
      if ((size - position) / rate < SOON) continue
      parts = new Parts(context, whole, position, rate)
      // The one connection stays open until then, because a source that gives no ranges would send all of the blob once more.
      if (await parts.begin()) break
    }
    if (parts === undefined || position >= size) return
    for await (const chunk of parts.read()) {
      yield chunk
      position += chunk.byteLength
    }
  } finally {
    parts?.stop()
  }
  if (position < size) yield* download(context, { ...whole, offset: position })
}

/**
 * Downloads the rest of a blob in ranges, several at once. If that does not work out, its stream ends early and without an error.
 */
class Parts {
  readonly #context: Context
  readonly #whole: RangedDownload
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  readonly #window: Part[] = []
  #next: number
  #workers = 0
  #wanted = 1
  #failed = false
  #wake = () => {}
  /** Bytes received on all connections since the last measurement, and the time of the first of them. */
  #arrived = 0
  #since: number | undefined
  #best: { readonly rate: number; readonly workers: number }
  #settled = false

  /** @param rate throughput of one connection in bytes a millisecond */
  constructor(context: Context, whole: RangedDownload, position: number, rate: number) {
    this.#context = context
    this.#whole = whole
    this.#next = position
    this.#best = { rate, workers: 1 }
    this.#signal = AbortSignal.any([whole.signal, this.#abort.signal])
  }

  /** Requests the first range. @returns whether the source gives it; then more connections request the next ones */
  async begin(): Promise<boolean> {
    this.#staff()
    await this.#change()
    this.#wanted = FIRST_STEP
    return !this.#failed
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      this.#staff()
      const part = this.#window[0]
      if (part === undefined) return
      const chunk = part.take()
      if (chunk !== undefined) {
        yield chunk
      } else if (part.isRead) this.#window.shift()
      else if (this.#failed && this.#workers === 0) return
      else if (this.#signal.aborted) throw abortedError(this.#signal.reason)
      else await this.#change()
    }
  }

  stop(): void {
    this.#abort.abort()
  }

  /** Resolves when bytes have arrived or a worker has ended. */
  #change(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }

  /** Starts workers up to the wanted number, as far as the host's budget allows. The first one uses the slot of the transfer. */
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
    return this.#next < this.#whole.descriptor.size && this.#window.length < this.#wanted * RANGES_EACH
  }

  async #work(): Promise<void> {
    while (!this.#failed && this.#workers <= this.#wanted && this.#hasMore()) {
      const part = new Part(this.#next, this.#whole.descriptor.size)
      this.#next = part.end
      this.#window.push(part)
      if (!(await this.#fill(part))) this.#failed = true
    }
  }

  /** Downloads one range. @returns false if the source does not give it */
  async #fill(part: Part): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { position, end } = part
        const response = await this.#whole.openRange(position, end - 1, this.#signal)
        const start = parseRangeStart(response.header('content-range'))
        const isCoded = response.header('content-encoding') !== undefined
        if (response.status !== 206 || start !== position || isCoded) {
          // The body of a 200 is the whole blob, and that of a compressed answer is no range of it, so neither is read.
          response.body.destroy()
          return false
        }
        for await (const chunk of response.body) {
          if (!part.receive(chunk)) return false
          this.#adapt(chunk.byteLength)
          this.#wake()
        }
        if (part.isWhole) return true
      } catch (thrown) {
        const error: GpregError = networkError(thrown, this.#whole.asked)
        // A host that refuses several connections (429, 503, 403, …) may still allow one.
        if (this.#signal.aborted || !error.retryable || error.subject.status !== undefined) return false
        const operation = `download of ${this.#whole.descriptor.digest}`
        this.#context.emit({ type: 'retry', operation, attempt, delay: 0, error })
      }
      if (attempt >= CHUNK_TRIES) return false
    }
  }

  /**
   * Adds connections while throughput rises. When it stops rising, goes back to the best number; if that is one, gives up ranges.
   */
  #adapt(bytes: number): void {
    if (this.#settled) return
    const now = this.#context.elapsed()
    // The time before the first byte is latency, not throughput.
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
