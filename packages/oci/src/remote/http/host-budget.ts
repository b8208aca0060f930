import type { Context } from '../../context.ts'
import { pause } from '../../retry.ts'

/** What loopback and most lines do best with; more is tried where it may help. */
const START = 4

/** Throughput is looked at over so many milliseconds, and one that did not grow is not tried again for a while. */
const WINDOW = 1_000
const PATIENCE = 10_000

/** What one more transfer must add to be worth keeping, as a part of what it would add if the line were free. */
const WORTHWHILE = 0.5

/** Failures closer together than this, in milliseconds, are one: what was in flight fails together. */
const TOGETHER = 1_000

/**
 * How much one host is asked for at once, by all work of a run. Starts small, grows while that brings more bytes, halves when
 * the host says that it is too much (429, 5xx, time-outs); what one request was asked to wait for, all wait for.
 */
export class HostBudget {
  /** transfers at once, at this moment */
  limit: number
  /** transfers at work */
  taken = 0
  /** Whether whole transfers wait for a slot. They fill the line better than more connections for one of them. */
  isWanted = false
  readonly #cap: number
  readonly #now: () => number
  readonly #listeners = new Set<() => void>()
  #pausedUntil = 0
  #slowedAt = -Infinity
  #bytes = 0
  #since = 0
  /** bytes a millisecond before the last step up, and the limit then */
  #before: { readonly rate: number; readonly limit: number } | undefined
  #holdUntil = 0

  /** @param cap transfers at once, whatever the line would take */
  constructor(cap: number, now: () => number) {
    this.#cap = cap
    this.#now = now
    this.limit = Math.min(START, cap)
  }

  get isFree(): boolean {
    return this.taken < this.limit
  }

  take(): void {
    if (this.taken++ === 0) this.#measureAnew()
  }

  release(): void {
    this.taken--
    this.#changed()
  }

  /** Takes a slot beyond the limit for one who measures on his own whether it helps. False where the cap is reached. */
  takeExtra(): boolean {
    if (this.taken >= this.#cap || this.#now() - this.#slowedAt < PATIENCE) return false
    this.take()
    return true
  }

  /** Hears of every change that may let somebody in. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Bytes that a transfer moved. `wanted`: whether somebody waits for a slot; without that a higher limit proves nothing. */
  moved(bytes: number, wanted: boolean): void {
    this.#bytes += bytes
    this.isWanted = wanted
    const now = this.#now()
    const elapsed = now - this.#since
    if (elapsed < WINDOW) return
    const rate = this.#bytes / elapsed
    if (!wanted) this.#before = undefined
    else this.#adapt(rate, now)
    this.#measureAnew()
  }

  /** The host had too much. */
  slowDown(): void {
    const now = this.#now()
    if (now - this.#slowedAt < TOGETHER) return
    this.#slowedAt = now
    this.limit = Math.max(1, this.limit >> 1)
    this.#before = undefined
    this.#holdUntil = now + PATIENCE
  }

  /** Nothing is asked of the host for so many milliseconds. */
  pauseFor(milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now() + milliseconds)
  }

  /** Waits for the end of a pause. */
  async gate(context: Context, signal: AbortSignal): Promise<void> {
    for (let wait; (wait = this.#pausedUntil - this.#now()) > 0;) await pause(context, wait, signal)
  }

  #adapt(rate: number, now: number): void {
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
    if (this.limit >= this.#cap || now < this.#holdUntil) return
    this.#before = { rate, limit: this.limit }
    this.limit = Math.min(this.#cap, this.limit + Math.max(1, this.limit >> 1))
    this.#changed()
  }

  #measureAnew(): void {
    this.#bytes = 0
    this.#since = this.#now()
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
