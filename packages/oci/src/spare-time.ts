import type { Context } from './context.ts'

/** Share of the time that the process may be busy. A busier one could not take more bytes from more connections. */
const BUSY = 0.8

/** What the time of a process is measured with. */
export type ProcessClock = Pick<Context, 'elapsed' | 'idle'>

/** Measures, from its creation on, whether the process has time to spare. */
export class SpareTime {
  readonly #clock: ProcessClock
  readonly #started: number
  readonly #idleBefore: number

  constructor(clock: ProcessClock) {
    this.#clock = clock
    this.#started = clock.elapsed()
    this.#idleBefore = clock.idle()
  }

  /** milliseconds since the creation */
  get elapsed(): number {
    return this.#clock.elapsed() - this.#started
  }

  get isLeft(): boolean {
    return this.#clock.idle() - this.#idleBefore >= this.elapsed * (1 - BUSY)
  }
}
