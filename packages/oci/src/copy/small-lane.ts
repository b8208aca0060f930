import { Limiter } from '../limiter.ts'
import type { Budget } from '../store/capabilities.ts'

/** Pieces of small work at once for each transfer that a host may be asked for, and the transfers that count at most. */
const EACH = 8
const MOST = 4

/**
 * Where work that costs requests rather than bytes waits for its turn. It takes no slot of a host, but is no way around its
 * budget either: where a host has too much, the lane narrows with the budget, for all work, and widens with it again.
 */
export class SmallLane {
  readonly #limiter = new Limiter(() => EACH * this.#narrowest())
  readonly #budgets = new Set<Budget>()
  readonly #concurrency: number

  /** @param concurrency transfers at once that are wanted at most, whatever budgets allow */
  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  /** @param budgets of the hosts that the work asks something of */
  run<T>(budgets: readonly Budget[], work: () => Promise<T>): Promise<T> {
    for (const budget of budgets) this.#budgets.add(budget)
    return this.#limiter.run(work)
  }

  #narrowest(): number {
    let narrowest = Math.min(this.#concurrency, MOST)
    for (const { limit } of this.#budgets) narrowest = Math.min(narrowest, limit)
    return narrowest
  }
}
