import type { Context } from './context.ts'
import { pause } from './retry.ts'

/** Waits shorter than this, in milliseconds, are saved up: timers are no finer. */
const SLICE = 20

/** What was not used of the last so many milliseconds may be made up for: streams that pause together keep to the rate as well. */
const SAVED_UP = 1_000

/** A rate that all streams of a run share: each chunk waits for its turn on the line. */
export class RateLimit {
  readonly #rate: number
  readonly #context: Context
  #freeAt: number

  /** @param bytesPerSecond over all streams together */
  constructor(bytesPerSecond: number, context: Context) {
    this.#rate = bytesPerSecond / 1000
    this.#context = context
    this.#freeAt = context.now()
  }

  /** Settles when so many bytes may go. */
  async take(bytes: number, signal: AbortSignal = this.#context.signal): Promise<void> {
    const now = this.#context.now()
    this.#freeAt = Math.max(this.#freeAt, now - SAVED_UP) + bytes / this.#rate
    const wait = this.#freeAt - now
    if (wait > SLICE) await pause(this.#context, wait, signal)
  }
}
