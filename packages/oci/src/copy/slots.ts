import type { Budget } from '../store/capabilities.ts'

interface Waiting {
  readonly budgets: readonly Budget[]
  readonly enter: () => void
}

/**
 * Runs jobs that need a slot of several budgets, such as those of a source and a target. A job takes all its slots at once or
 * none, which rules out deadlock. A later job may overtake only if it needs none of the budgets an earlier one is waiting for.
 */
export class Slots {
  #waiting: Waiting[] = []
  /** The budgets that are listened to, and what ends that: budgets outlive the slots. */
  readonly #known = new Map<Budget, () => void>()
  /** Jobs that run or wait. */
  #jobs = 0
  #sweeping = false

  async run<T>(budgets: readonly Budget[], work: () => Promise<T>): Promise<T> {
    const needed = [...new Set(budgets)]
    this.#jobs++
    for (const budget of needed) {
      if (this.#known.has(budget)) continue
      const unlisten = budget.onChange(() => this.#sweep())
      this.#known.set(budget, unlisten)
    }
    await new Promise<void>(enter => {
      this.#waiting.push({ budgets: needed, enter })
      this.#sweep()
    })
    try {
      return await work()
    } finally {
      for (const budget of needed) budget.release()
      if (--this.#jobs === 0) this.#unlisten()
    }
  }

  /** Reports transferred bytes to the budgets, which adapt to the throughput. Called for every chunk. */
  moved(budgets: readonly Budget[], bytes: number): void {
    for (const budget of budgets) budget.moved(bytes, this.#waiting.length > 0)
  }

  #unlisten(): void {
    for (const unlisten of this.#known.values()) unlisten()
    this.#known.clear()
  }

  #sweep(): void {
    if (this.#sweeping) return
    this.#sweeping = true
    const full = new Set<Budget>()
    let kept = 0
    for (; kept < this.#waiting.length && full.size < this.#known.size;) {
      const next = this.#waiting[kept]
      if (next === undefined) break
      for (const budget of next.budgets) if (!budget.isFree) full.add(budget)
      if (next.budgets.some(budget => full.has(budget))) {
        // Its budgets are reserved, because later jobs could otherwise keep it waiting for ever.
        kept++
        continue
      }
      for (const budget of next.budgets) budget.take()
      this.#waiting.splice(kept, 1)
      next.enter()
    }
    this.#sweeping = false
  }
}
