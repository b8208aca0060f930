import type { Context } from '../../context.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'

/** Milliseconds after which the target is asked again, because somebody else may have changed it. */
const TRUSTED_FOR = 60 * 60_000

/** What the source had, and what the target got of it: another index if only some platforms are copied. */
export interface SettledImage {
  readonly offered: Digest
  readonly root: Descriptor
  /** as `Context.elapsed` says it */
  readonly since: number
}

/**
 * Remembers which images a process has seen whole at the target, so that its next copy of the same set with the same options asks
 * only the source, and only once for each image. An image that the last copy was not about is forgotten.
 */
export class SettledImages {
  readonly #clock: Pick<Context, 'elapsed'>
  readonly #trustedFor: number
  /** by the name of the target */
  #last = new Map<string, SettledImage>()
  #current = new Map<string, SettledImage>()
  /** What the source has of images that are not known to be at the target yet. */
  #offers = new Map<string, Digest>()

  constructor(clock: Pick<Context, 'elapsed'>, trustedFor = TRUSTED_FOR) {
    this.#clock = clock
    this.#trustedFor = trustedFor
  }

  /** A copy begins. */
  begin(): void {
    this.#last = this.#current
    this.#current = new Map()
    this.#offers = new Map()
  }

  /** @returns undefined if the target must be asked */
  find(image: string): SettledImage | undefined {
    const known = this.#last.get(image)
    return known !== undefined && this.#clock.elapsed() - known.since < this.#trustedFor ? known : undefined
  }

  /** The source still has what is at the target. */
  keep(image: string, settled: SettledImage): void {
    this.#current.set(image, settled)
  }

  /** The source has this, and the target is going to be asked. */
  offer(image: string, offered: Digest): void {
    this.#offers.set(image, offered)
  }

  /** The target has all of what the source offered. */
  settle(image: string, root: Descriptor): void {
    const offered = this.#offers.get(image)
    if (offered !== undefined) this.#current.set(image, { offered, root, since: this.#clock.elapsed() })
  }
}
