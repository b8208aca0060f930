import type { Context } from './context.ts'
import { pause } from './retry.ts'

/** Milliseconds. Shorter waits are added up, because timers are no finer. */
const SLICE = 20

/** Milliseconds of unused rate that may be caught up on, so that streams with pauses reach the rate as well. */
const SAVED_UP = 1_000

/** A byte rate that all streams of a run share. Each chunk waits until it fits the rate. */
export class RateLimit {
  readonly #rate: number
  readonly #context: Context
  #freeAt: number

  /** @param bytesPerSecond over all streams together */
  constructor(bytesPerSecond: number, context: Context) {
    this.#rate = bytesPerSecond / 1000
    this.#context = context
    this.#freeAt = context.elapsed()
  }

  /** Resolves when this many bytes may be sent. */
  async take(bytes: number, signal: AbortSignal = this.#context.signal): Promise<void> {
    const now = this.#context.elapsed()
    this.#freeAt = Math.max(this.#freeAt, now - SAVED_UP) + bytes / this.#rate
    const wait = this.#freeAt - now
    if (wait > SLICE) await pause(this.#context, wait, signal)
  }
}
