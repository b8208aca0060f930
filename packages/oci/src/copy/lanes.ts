import { Limiter } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { budgetsOf } from '../store/capabilities.ts'
import type { ReadableRepository, Repository } from '../store/content.ts'
import { KEPT, Slots, type Turn } from './slots.ts'
import { isSmall, SmallLane } from './small-lane.ts'

/** The two ends of a transfer. */
export interface Ends {
  readonly source: ReadableRepository
  readonly target: Repository
}

/** Where transfers wait for their turn, so that no host gets more of them at once than its budget allows. */
export class Lanes {
  readonly #slots = new Slots()
  /** Limits transfers between stores that have no budget. */
  readonly #large: Limiter
  readonly #small: SmallLane
  /** Mounts have a lane of their own, because behind the small blobs they would keep images waiting. */
  readonly #mounts: SmallLane

  /** @param concurrency most transfers at once that the caller wants */
  constructor(concurrency: number) {
    this.#large = new Limiter(concurrency)
    this.#small = new SmallLane(concurrency)
    this.#mounts = new SmallLane(concurrency)
  }

  /** Moves the bytes of a blob when the budgets of both hosts have room for it. */
  move(blob: Descriptor, { source, target }: Ends, work: (turn: Turn) => Promise<void>): Promise<void> {
    const budgets = budgetsOf(source, target)
    if (isSmall(blob)) return this.#small.run(budgets, () => work(KEPT))
    return budgets.length > 0 ? this.#slots.run(budgets, work) : this.#large.run(() => work(KEPT))
  }

  mount<T>(target: Repository, work: () => Promise<T>): Promise<T> {
    return this.#mounts.run(budgetsOf(target), work)
  }

  /** @returns a function that reports bytes of a blob to the budgets, which adapt to the throughput; it is called for every chunk */
  meter(blob: Descriptor, { source, target }: Ends): (bytes: number) => void {
    // Small blobs run outside the slots. If their bytes counted, the throughput drop at their end would look like a saturated line.
    const budgets = isSmall(blob) ? [] : budgetsOf(source, target)
    return bytes => this.#slots.moved(budgets, bytes)
  }
}
