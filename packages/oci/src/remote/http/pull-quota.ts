import type { Context } from '../../context.ts'
import { GpregError, type Side } from '../../errors.ts'
import { pause } from '../../retry.ts'

/** A quota that is used up fills again bit by bit: looked at again after so long, in milliseconds, or after its window. */
const LOOK_AGAIN = 15 * 60_000

/** The countdown is told so often, in milliseconds. */
const TELL = 60_000

export interface PullQuotaOptions {
  readonly host: string
  readonly side: Side
  /** Waits where nothing is left, rather than failing. */
  readonly wait: boolean
}

/**
 * How many manifests a host lets be read, by its own headers; none for hosts that give none.
 * https://docs.docker.com/docker-hub/usage/pulls/
 */
export class PullQuota {
  /** `ratelimit-remaining`, as last seen */
  left: number | undefined
  readonly #options: PullQuotaOptions
  readonly #context: Context
  #until = 0
  /** The same wait for all. */
  #waiting: Promise<void> | undefined

  constructor(options: PullQuotaOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  /** Reads `ratelimit-remaining: 76;w=21600`: pulls, and the seconds of the window that they are counted in. */
  note(header: string | undefined): void {
    const [, left, window] = /^(\d{1,9})(?:\s*;\s*w=(\d{1,7}))?/.exec(header ?? '') ?? []
    if (left === undefined) return
    this.left = Number(left)
    const wait = window === undefined ? LOOK_AGAIN : Math.min(Number(window) * 1000, LOOK_AGAIN)
    this.#until = this.#context.now() + wait
  }

  /** Settles when a manifest may be asked for. @throws `rate-limited` where nothing is left and nobody wants to wait */
  async ration(): Promise<void> {
    if (this.left !== 0 || this.#context.now() >= this.#until) return
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
    for (let left; (left = this.#until - this.#context.now()) > 0;) {
      this.#context.emit({ type: 'quota.waiting', host: this.#options.host, left })
      await pause(this.#context, Math.min(left, TELL))
    }
  }
}
