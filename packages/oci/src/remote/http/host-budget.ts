import { SpareTime, type ProcessClock } from '../../spare-time.ts'

/** Transfers at once in the beginning: the best number for loopback and for most lines. */
const START = 4

/**
 * Transfers whose bytes are moved and whose answer is awaited, for each slot. Meanwhile the registry works, and the line is free: with
 * object storage behind it, CNCF distribution copies the whole blob then.
 */
const FINISHING = 4

/** Throughput is measured over this many milliseconds. */
const WINDOW = 1_000

/** After a step that brought nothing, the limit stays for this many milliseconds. */
const PATIENCE = 10_000

/** An extra transfer is kept only if it brings at least this part of the throughput that it would bring on an idle line. */
const WORTHWHILE = 0.5

/** Failures within this many milliseconds count as one, because requests in flight fail together. */
const TOGETHER = 1_000

/**
 * The number of transfers at once with one host, over all work of a run. It starts small, grows while that brings more
 * throughput and the process has time for more, and halves when the host is overloaded (429, 5xx, time-outs).
 */
export class HostBudget {
  /** transfers at once, at this moment */
  limit: number
  /** transfers that move bytes */
  taken = 0
  /** transfers that have moved their bytes, and wait for the answer */
  #finishing = 0
  /** Whether transfers wait for a slot. They fill the line better than more connections for one blob. */
  isWanted = false
  readonly #cap: number
  readonly #clock: ProcessClock
  readonly #listeners = new Set<() => void>()
  #slowedAt = -Infinity
  #bytes = 0
  /** The time in which these bytes were moved. */
  #window: SpareTime
  /** Throughput in bytes a millisecond before the last step up, and the limit at that time. */
  #before: { readonly rate: number; readonly limit: number } | undefined
  #holdUntil = 0

  /** @param cap transfers at once that are never exceeded */
  constructor(cap: number, clock: ProcessClock) {
    this.#cap = cap
    this.#clock = clock
    this.#window = new SpareTime(clock)
    this.limit = Math.min(START, cap)
  }

  get isFree(): boolean {
    const most = Math.min(this.limit * (1 + FINISHING), this.#cap)
    return this.taken < this.limit && this.taken + this.#finishing < most
  }

  take(): void {
    if (this.taken++ === 0) this.#measureAnew()
  }

  release(): void {
    this.taken--
    this.#changed()
  }

  beginFinishing(): void {
    this.#finishing++
  }

  endFinishing(): void {
    this.#finishing--
    this.#changed()
  }

  /** Takes a slot beyond the limit, for a caller that measures itself whether it helps. @returns false at the cap */
  takeExtra(): boolean {
    if (this.taken + this.#finishing >= this.#cap || this.#clock.elapsed() - this.#slowedAt < PATIENCE)
      return false
    this.take()
    return true
  }

  /** Calls the listener after every change that may free a slot. @returns a function that removes it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Counts bytes that a transfer moved.
   * @param wanted whether transfers wait for a slot: if none do, a higher limit is not tried
   */
  moved(bytes: number, wanted: boolean): void {
    this.#bytes += bytes
    this.isWanted = wanted
    const { elapsed } = this.#window
    if (elapsed < WINDOW) return
    const rate = this.#bytes / elapsed
    // With free slots, it is not the limit that others wait for.
    if (!wanted || this.taken < this.limit) this.#before = undefined
    else this.#adapt(rate)
    this.#measureAnew()
  }

  /** Halves the limit, because the host is overloaded. */
  slowDown(): void {
    const now = this.#clock.elapsed()
    if (now - this.#slowedAt < TOGETHER) return
    this.#slowedAt = now
    this.limit = Math.max(1, this.limit >> 1)
    this.#before = undefined
    this.#holdUntil = now + PATIENCE
  }

  #adapt(rate: number): void {
    const now = this.#clock.elapsed()
    const before = this.#before
    if (before !== undefined) {
      const hoped = before.rate * (this.limit / before.limit - 1)
      if (rate - before.rate < WORTHWHILE * hoped) {
        this.limit = before.limit
        this.#before = undefined
        this.#holdUntil = now + PATIENCE
        return
      }
    }
    if (this.limit >= this.#cap || now < this.#holdUntil || !this.#window.isLeft) return
    this.#before = { rate, limit: this.limit }
    this.limit = Math.min(this.#cap, this.limit + Math.max(1, this.limit >> 1))
    this.#changed()
  }

  #measureAnew(): void {
    this.#bytes = 0
    this.#window = new SpareTime(this.#clock)
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
