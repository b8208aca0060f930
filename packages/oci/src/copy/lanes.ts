import { throwIfAborted } from '../errors.ts'
import { Limiter } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { budgetsOf } from '../store/capabilities.ts'
import type { ReadableRepository, Repository } from '../store/content.ts'
import { NO_TURN, Slots, type Turn } from './slots.ts'
import { isSmall, SmallLane } from './small-lane.ts'

/** The two ends of a transfer. */
interface Ends {
  readonly source: ReadableRepository
  readonly target: Repository
}

interface Move extends Ends {
  /** The blob goes before blobs that were not sent anywhere yet. */
  readonly isFirst?: boolean
}

/** Where transfers wait for their turn, so that no host gets more of them at once than its budget allows. */
export class Lanes {
  readonly #slots = new Slots()
  /** Limits transfers between stores that have no budget. */
  readonly #large: Limiter
  readonly #small: SmallLane
  /** Mounts have a lane of their own, because behind the small blobs they would keep images waiting. */
  readonly #mounts: SmallLane
  readonly #signal: AbortSignal

  /**
   * @param concurrency most transfers at once that the caller wants
   * @param signal after its abort no work begins
   */
  constructor(concurrency: number, signal: AbortSignal) {
    this.#signal = signal
    this.#large = new Limiter(concurrency)
    this.#small = new SmallLane(concurrency)
    this.#mounts = new SmallLane(concurrency)
  }

  /** Runs work that moves the bytes of a blob in its turn: when the hosts of both ends have room for it, or its lane has. */
  move(
    blob: Descriptor,
    { source, target, isFirst = false }: Move,
    work: (turn: Turn) => Promise<void>,
  ): Promise<void> {
    const begin = async (turn: Turn): Promise<void> => {
      throwIfAborted(this.#signal)
      await work(turn)
    }
    const budgets = budgetsOf(source, target)
    if (isSmall(blob)) return this.#small.run(budgets, () => begin(NO_TURN))
    if (budgets.length === 0) return this.#large.run(() => begin(NO_TURN))
    return this.#slots.run({ budgets, finishing: budgetsOf(target), isFirst }, begin)
  }

  mount<T>(target: Repository, work: () => Promise<T>): Promise<T> {
    return this.#mounts.run(budgetsOf(target), async () => {
      throwIfAborted(this.#signal)
      return work()
    })
  }

  /** @returns a function that reports bytes of a blob to the budgets, which adapt to the throughput; it is called for every chunk */
  meter(blob: Descriptor, { source, target }: Ends): (bytes: number) => void {
    // Small blobs run outside the slots. If their bytes counted, the throughput drop at their end would look like a saturated line.
    const budgets = isSmall(blob) ? [] : budgetsOf(source, target)
    return bytes => this.#slots.moved(budgets, bytes)
  }
}
