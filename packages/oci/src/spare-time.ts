import type { Context } from './context.ts'

/** Share of the time that the process may be busy. A busier one could not take more bytes from more connections. */
const BUSY = 0.8

/** Measures, from its creation on, whether the process has time to spare. */
export class SpareTime {
  readonly #context: Pick<Context, 'elapsed' | 'idle'>
  readonly #started: number
  readonly #idleBefore: number

  constructor(context: Pick<Context, 'elapsed' | 'idle'>) {
    this.#context = context
    this.#started = context.elapsed()
    this.#idleBefore = context.idle()
  }

  /** milliseconds since the creation */
  get elapsed(): number {
    return this.#context.elapsed() - this.#started
  }

  get isLeft(): boolean {
    return this.#context.idle() - this.#idleBefore >= this.elapsed * (1 - BUSY)
  }
}
