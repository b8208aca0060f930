import type { Context } from '../../context.ts'
import { isConfirmed } from '../../errors.ts'
import { allSettledOrThrow } from '../../limiter.ts'
import { pause } from '../../retry.ts'
import type { Inspector } from '../../store/content.ts'
import { isOwn, type SharedBlob, type Shares } from './share.ts'

/** Looks in parallel, for all other shards together; at least one for each. */
const LOOKS_AT_ONCE = 16

/** Milliseconds between two looks at a shard: doubled while nothing arrives, up to the longest. */
const SHORTEST_WAIT = 500
const LONGEST_WAIT = 10_000

/** Bytes a second at which a large blob may be sent before its shard counts as stalled. */
const SLOW_LINE = 1024 * 1024

/**
 * Waits for the blobs that other shards send, by asking the target for them. Every shard sends its largest blobs first, so the
 * largest ones that are missing show whether a shard moves on, and few requests are needed at a time.
 */
export class OtherShards<B extends SharedBlob> {
  readonly #shares: Shares<B>
  readonly #homeOf: (blob: B) => Inspector
  readonly #context: Context
  readonly #blobs: ReadonlyMap<number, readonly B[]>
  readonly #awaited = new Map<B, PromiseWithResolvers<boolean>>()
  readonly #watched = new Set<number>()

  /**
   * @param blobs all of the set, largest first
   * @param homeOf the repository that a blob is sent to
   */
  constructor(blobs: readonly B[], shares: Shares<B>, homeOf: (blob: B) => Inspector, context: Context) {
    this.#shares = shares
    this.#homeOf = homeOf
    this.#context = context
    this.#blobs = Map.groupBy(blobs, blob => shares.shardOf(blob))
  }

  /** Whether the blob is in the share of another shard. */
  has(blob: B): boolean {
    return !isOwn(this.#shares, blob)
  }

  /**
   * Waits until a blob has arrived.
   * @returns false if its shard has stalled, so that this one must send the blob
   * @throws why the target cannot be asked
   */
  arrival(blob: B): Promise<boolean> {
    const awaited = Promise.withResolvers<boolean>()
    this.#awaited.set(blob, awaited)
    const shard = this.#shares.shardOf(blob)
    if (!this.#watched.has(shard)) {
      this.#watched.add(shard)
      void this.#watch(shard)
    }
    return awaited.promise
  }

  async #watch(shard: number): Promise<void> {
    const blobs = this.#blobs.get(shard) ?? []
    try {
      // The caller registers all its waits before the first look.
      await Promise.resolve()
      this.#settle(await this.#look(shard, blobs), ({ resolve }) => resolve(false))
    } catch (error) {
      this.#settle(blobs, ({ reject }) => reject(error))
    }
  }

  /**
   * Looks until nothing more of a shard is awaited, or the shard has stalled.
   * @returns the blobs that have not arrived, in the order in which this shard is to send them
   */
  async #look(shard: number, blobs: readonly B[]): Promise<readonly B[]> {
    const { patience, count } = this.#shares.shard
    const atOnce = Math.ceil(LOOKS_AT_ONCE / (count - 1))
    let missing = blobs
    // Only waits count as idle, because looks take long while the registry fails all shards alike.
    let [idle, wait] = [0, SHORTEST_WAIT]
    while (missing.some(blob => this.#awaited.has(blob))) {
      const [window, later] = [missing.slice(0, atOnce), missing.slice(atOnce)]
      const there = await allSettledOrThrow(window.map(blob => this.#isThere(blob)))
      this.#settle(
        window.filter((_, index) => there[index]),
        ({ resolve }) => resolve(true),
      )
      const absent = window.filter((_, index) => !there[index])
      missing = [...absent, ...later]
      if (absent[0] === undefined) continue
      if (absent.length < window.length) [idle, wait] = [0, SHORTEST_WAIT]
      const left = patience + (absent[0].descriptor.size / SLOW_LINE) * 1000 - idle
      if (left <= 0) {
        this.#warn(shard, missing.length, idle)
        return this.#rotated(missing)
      }
      const jittered = Math.min(wait * (0.5 + this.#context.random() / 2), left)
      await pause(this.#context, jittered)
      idle += jittered
      wait = Math.min(wait * 2, LONGEST_WAIT)
    }
    return []
  }

  /** Some registries answer 403 for a repository that is not there yet. */
  #isThere(blob: B): Promise<boolean> {
    const { signal } = this.#context
    return isConfirmed(() => this.#homeOf(blob).exists(blob.descriptor, { signal }))
  }

  /** Each shard begins at another blob, so that shards that need the same blobs rarely send the same one. */
  #rotated(blobs: readonly B[]): readonly B[] {
    const { index, count } = this.#shares.shard
    const start = Math.floor((blobs.length * (index - 1)) / count)
    return [...blobs.slice(start), ...blobs.slice(0, start)]
  }

  #settle(blobs: readonly B[], settle: (awaited: PromiseWithResolvers<boolean>) => void): void {
    for (const blob of blobs) {
      const awaited = this.#awaited.get(blob)
      this.#awaited.delete(blob)
      if (awaited !== undefined) settle(awaited)
    }
  }

  #warn(shard: number, blobs: number, idle: number): void {
    const message = `shard ${shard}/${this.#shares.shard.count} has sent nothing for ${Math.round(idle / 1000)} s, and ${blobs} of its blobs are missing: this shard sends those that its images need`
    this.#context.emit({ type: 'warning', code: 'shard-stalled', message })
  }
}
