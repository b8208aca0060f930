import type { Context } from '../../context.ts'
import type { GpregError } from '../../errors.ts'
import { download, parseRangeStart, type Download } from './download.ts'
import type { ApiResponse } from '../http/request.ts'
import { lend, recycle } from '../../machine/read-buffers.ts'
import { SpareTime } from '../../spare-time.ts'
import { networkError } from '../http/failure.ts'
import type { HostBudget } from '../http/host-budget.ts'

const MIB = 1024 * 1024

/** Bytes of one range: few enough to hold a window of them in memory, and enough that a round trip hardly counts. */
const CHUNK = 4 * MIB

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

/** Bytes of a range that wait for its end: the memory of a range is free after its last bytes, but sockets keep less than these. */
const HELD_BACK = 64 * 1024

/** Memory of ranges that are read, for the next ones. */
const free: Buffer[] = []

/** One range and the bytes received of it. */
class Part {
  readonly first: number
  readonly last: number
  readonly #memory = free.pop() ?? Buffer.allocUnsafeSlow(CHUNK)
  #received = 0
  #read = 0

  constructor(first: number, last: number) {
    this.first = first
    this.last = last
    lend(this.#memory, last - first + 1, () => free.push(this.#memory))
  }

  get isDone(): boolean {
    return this.#read > this.last - this.first
  }

  /**
   * Copies a chunk, because a window of chunks would hold several times its bytes in the memory of sockets.
   * @returns false if these are more bytes than the range has
   */
  receive(chunk: Uint8Array): boolean {
    if (this.#received + chunk.byteLength > this.last - this.first + 1) return false
    this.#memory.set(chunk, this.#received)
    this.#received += chunk.byteLength
    recycle(chunk)
    return true
  }

  /** What can be handed on, if anything. */
  take(): Uint8Array | undefined {
    const isWhole = this.#received > this.last - this.first
    const [start, end] = [this.#read, isWhole ? this.#received : this.#received - HELD_BACK]
    if (end <= start) return undefined
    this.#read = end
    return this.#memory.subarray(start, end)
  }
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
    const woken = new Promise<void>(resolve => (this.#wake = resolve))
    this.#staff()
    await woken
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
      } else if (part.isDone) this.#window.shift()
      else if (this.#failed && this.#workers === 0) return
      else if (this.#signal.aborted) throw networkError(this.#signal.reason, this.#whole.asked)
      else await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  stop(): void {
    this.#abort.abort()
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
      const first = this.#next
      const last = Math.min(first + CHUNK, this.#whole.descriptor.size) - 1
      const part = new Part(first, last)
      this.#next = last + 1
      this.#window.push(part)
      if (!(await this.#fill(part))) this.#failed = true
    }
  }

  /** Downloads one range. @returns false if the source does not give it */
  async #fill(part: Part): Promise<boolean> {
    let position = part.first
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#whole.openRange(position, part.last, this.#signal)
        const start = parseRangeStart(response.header('content-range'))
        const isCoded = response.header('content-encoding') !== undefined
        if (response.status !== 206 || start !== position || isCoded) {
          // The body of a 200 is the whole blob, and that of a compressed answer is no range of it, so neither is read.
          response.body.destroy()
          return false
        }
        for await (const chunk of response.body) {
          const { byteLength } = chunk
          if (!part.receive(chunk)) return false
          position += byteLength
          this.#adapt(byteLength)
          this.#wake()
        }
        if (position > part.last) return true
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
