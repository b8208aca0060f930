import type { Context } from './context.ts'
import { pause } from './retry.ts'

/** Waits shorter than this, in milliseconds, are saved up: timers are no finer. */
const SLICE = 20

/** A rate that all streams of a run share: each chunk waits for its turn on the line. */
export class RateLimit {
  readonly #rate: number
  readonly #context: Context
  #freeAt = 0

  /** @param bytesPerSecond over all streams together */
  constructor(bytesPerSecond: number, context: Context) {
    this.#rate = bytesPerSecond / 1000
    this.#context = context
  }

  /** Settles when so many bytes may go. */
  async take(bytes: number, signal: AbortSignal = this.#context.signal): Promise<void> {
    const now = this.#context.now()
    // A line that was idle has saved nothing up.
    this.#freeAt = Math.max(this.#freeAt, now) + bytes / this.#rate
    const wait = this.#freeAt - now
    if (wait > SLICE) await pause(this.#context, wait, signal)
  }
}
