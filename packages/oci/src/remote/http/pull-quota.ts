import type { Context } from '../../context.ts'
import { GpregError, type Side } from '../../errors.ts'
import { pause } from '../../retry.ts'

/**
 * A used-up quota refills gradually, so it is tried again after this many milliseconds, or after its window if that is shorter.
 */
const LOOK_AGAIN = 15 * 60_000

/** Milliseconds between two `quota.waiting` events. */
const TELL = 60_000

export interface PullQuotaOptions {
  readonly host: string
  readonly side: Side
  /** When no pulls are left, waits instead of failing. */
  readonly wait: boolean
}

/**
 * The number of manifests that a host still lets us read, taken from its rate-limit headers. Hosts without them have no limit.
 * https://docs.docker.com/docker-hub/usage/pulls/
 */
export class PullQuota {
  /** `ratelimit-remaining`, as last seen */
  left: number | undefined
  readonly #options: PullQuotaOptions
  readonly #context: Context
  #until = 0
  /** One wait, shared by all requests. */
  #waiting: Promise<void> | undefined

  constructor(options: PullQuotaOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  /**
   * Reads `ratelimit-remaining: 76;w=21600`: pulls, and the seconds of the window that they are counted in. Without a window it is the
   * header of other hosts, which counts requests of any kind: such a host answers 429 when none are left.
   * https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06
   */
  note(header: string | undefined): void {
    const [, left, window] = /^(\d{1,9})\s*;\s*w=(\d{1,7})/.exec(header ?? '') ?? []
    if (left === undefined) return
    this.left = Number(left)
    this.#until = this.#context.elapsed() + Math.min(Number(window) * 1000, LOOK_AGAIN)
  }

  /** Whether the host said that no pulls are left. If not, no request needs to {@link ration}. */
  get isUsedUp(): boolean {
    return this.left === 0
  }

  /** Settles when a manifest may be requested. @throws `rate-limited` if no pulls are left and `wait` is not set */
  async ration(): Promise<void> {
    if (!this.isUsedUp || this.#context.elapsed() >= this.#until) return
    const { host, side, wait } = this.#options
    if (!wait) {
      throw new GpregError('rate-limited', `${host} has no pulls left for now`, {
        host,
        side,
        retryable: false,
        hint: `let gpreg wait for more with --wait-for-quota, log in for a higher limit with gpreg login ${host}, or run the same command again later`,
      })
    }
    this.#waiting ??= this.#countDown().finally(() => (this.#waiting = undefined))
    await this.#waiting
  }

  async #countDown(): Promise<void> {
    for (let left; (left = Math.ceil(this.#until - this.#context.elapsed())) > 0;) {
      this.#context.emit({ type: 'quota.waiting', host: this.#options.host, left })
      await pause(this.#context, Math.min(left, TELL))
    }
  }
}
