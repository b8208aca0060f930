import { isGpregError, type GpregError } from '../../errors.ts'
import { FULL_DISK } from './failure.ts'
import type { ApiRequest } from './request.ts'

/** Milliseconds until a host that failed is asked again: after its first failure, which each further one doubles, and at most. */
const [FIRST_WAIT, LONGEST_WAIT] = [30_000, 5 * 60_000]

/**
 * A failure that every further request to a host would meet: its name does not resolve, it was never reached, its certificate is not
 * trusted, or its disk is full. Later requests then fail at once with the first error, so that a run with hundreds of images does
 * not try hundreds of times. After a while the host is asked again, because a program may keep its connections for days.
 */
export class Outage {
  readonly #host: string
  readonly #down: RememberedFailure
  readonly #full: RememberedFailure

  /** @param elapsed a clock in milliseconds that never goes back */
  constructor(host: string, elapsed: () => number) {
    this.#host = host
    this.#down = new RememberedFailure(elapsed)
    this.#full = new RememberedFailure(elapsed)
  }

  /** @throws the error that the host failed with */
  assertNone(method: ApiRequest['method']): void {
    const error = this.#down.current() ?? (isWriting(method) ? this.#full.current() : undefined)
    if (error !== undefined) throw error
  }

  /** Notes an error of a host that has not answered any request. */
  noteDown(error: unknown): void {
    const isDown = isGpregError(error, 'unreachable') || isGpregError(error, 'tls-untrusted')
    if (isDown && error.subject.host === this.#host) this.#down.note(error.final())
  }

  /** Notes the error if it tells a full disk. @returns the same error */
  noteFull(error: GpregError): GpregError {
    if (error.subject.status === FULL_DISK && error.subject.host === this.#host) this.#full.note(error)
    return error
  }

  /** Notes a request that succeeded. */
  noteSuccess(method: ApiRequest['method']): void {
    this.#down.forget()
    if (isWriting(method)) this.#full.forget()
  }
}

function isWriting(method: ApiRequest['method']): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

/** The error of a host until it is time to ask the host again. */
class RememberedFailure {
  readonly #elapsed: () => number
  #error: GpregError | undefined
  #until = 0
  #wait = FIRST_WAIT

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  current(): GpregError | undefined {
    return this.#error !== undefined && this.#elapsed() < this.#until ? this.#error : undefined
  }

  /** Notes a failure. Those of requests that were sent beside the first one do not count again. */
  note(error: GpregError): void {
    if (this.current() !== undefined) return
    this.#error = error
    this.#until = this.#elapsed() + this.#wait
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT)
  }

  forget(): void {
    this.#error = undefined
    this.#wait = FIRST_WAIT
  }
}
