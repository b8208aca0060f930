import type { Context } from '../../context.ts'
import type { GpregError } from '../../errors.ts'
import { pause } from '../../retry.ts'

/** Milliseconds of a pause below which it is not told. */
const WORTH_TELLING = 5_000

/** Milliseconds between two `host.waiting` events. */
const TELL = 60_000

export interface HostPauseOptions {
  readonly host: string
  /** Milliseconds of the longest pause that is kept. During a longer one, requests to the host fail at once. */
  readonly longest: number
}

/** The pauses that one host asks for by `Retry-After`. A pause holds all requests to the host, of both sides of a copy. */
export class HostPause {
  readonly #options: HostPauseOptions
  readonly #context: Context
  #until = 0
  #refusal: GpregError | undefined
  #teller: Promise<void> | undefined

  constructor(options: HostPauseOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  /**
   * Begins a pause, or makes the current one longer.
   * @param error the response that asked for it
   * @returns the same error, made final if the pause is too long to be kept
   */
  begin(milliseconds: number, error: GpregError): GpregError {
    const { host, longest } = this.#options
    this.#until = Math.max(this.#until, this.#context.elapsed() + milliseconds)
    if (milliseconds > longest) {
      const end = new Date(this.#end()).toISOString().slice(0, 16).replace('T', ' ')
      return (this.#refusal = error.with({
        retryable: false,
        hint: `${host} asks for a pause until ${end} UTC; wait that long with --max-wait ${Math.ceil(milliseconds / 60_000)}m, or run the same command again then`,
      }))
    }
    if (milliseconds >= WORTH_TELLING) this.#teller ??= this.#tell(error.message)
    return error
  }

  /** Whether the host has asked for a pause, now or earlier. If not, no request needs to wait at the {@link gate}. */
  get isAsked(): boolean {
    return this.#until > 0
  }

  /** Waits for the end of a pause. @throws `rate-limited` and the like at once if the pause is too long to be kept */
  async gate(signal: AbortSignal): Promise<void> {
    for (let left; (left = this.#left()) > 0;) {
      if (this.#refusal !== undefined) throw this.#refusal
      await pause(this.#context, left, signal)
    }
    this.#refusal = undefined
  }

  /** Whole milliseconds until the end of the pause. */
  #left(): number {
    return Math.ceil(this.#until - this.#context.elapsed())
  }

  /** The end of the pause in milliseconds since the epoch. */
  #end(): number {
    return this.#context.now() + this.#left()
  }

  /** Reports the pause until it ends. This keeps no process alive, because the requests that wait may have been given up. */
  async #tell(reason: string): Promise<void> {
    const { host } = this.#options
    try {
      for (let left; (left = this.#left()) > 0;) {
        this.#context.emit({ type: 'host.waiting', host, left, until: this.#end(), reason })
        await this.#context.sleep(Math.min(left, TELL), this.#context.signal, { ref: false })
      }
    } catch {
      // An interruption ends the pause. The requests that wait for its end report that.
    } finally {
      this.#teller = undefined
    }
  }
}
