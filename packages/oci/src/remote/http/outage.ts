import { isGpregError, type GpregError } from '../../errors.ts'
import { FULL_DISK } from './failure.ts'
import type { ApiRequest } from './request.ts'

/**
 * A failure that every further request to a host would meet: its name does not resolve, it was never reached, its certificate is not
 * trusted, or its disk is full. Later requests then fail at once with the first error, so that a run with hundreds of images does
 * not try hundreds of times.
 */
export class Outage {
  readonly #host: string
  #down: GpregError | undefined
  #full: GpregError | undefined

  constructor(host: string) {
    this.#host = host
  }

  /** @throws the error that the host failed with */
  assertNone(method: ApiRequest['method']): void {
    const error = this.#down ?? (method === 'GET' || method === 'HEAD' ? undefined : this.#full)
    if (error !== undefined) throw error
  }

  /** Notes an error of a host that has not answered any request. */
  noteDown(error: unknown): void {
    const isDown = isGpregError(error, 'unreachable') || isGpregError(error, 'tls-untrusted')
    if (isDown && error.subject.host === this.#host) this.#down ??= error.final()
  }

  /** Notes the error if it tells a full disk. @returns the same error */
  noteFull(error: GpregError): GpregError {
    if (error.subject.status === FULL_DISK && error.subject.host === this.#host) this.#full ??= error
    return error
  }
}
