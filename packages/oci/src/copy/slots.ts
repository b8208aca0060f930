import type { Budget } from '../store/capabilities.ts'

interface Waiting {
  readonly budgets: readonly Budget[]
  readonly enter: () => void
}

/**
 * Lets work in that needs a slot of several budgets, such as those of a source and a target. All are taken at once or none, so
 * nobody holds one while he waits for another; who comes later goes first only where he needs none of what is missing.
 */
export class Slots {
  #waiting: Waiting[] = []
  readonly #known = new Set<Budget>()
  #sweeping = false

  async run<T>(budgets: readonly Budget[], work: () => Promise<T>): Promise<T> {
    const needed = [...new Set(budgets)]
    for (const budget of needed) {
      if (this.#known.has(budget)) continue
      this.#known.add(budget)
      budget.onChange(() => this.#sweep())
    }
    await new Promise<void>(enter => {
      this.#waiting.push({ budgets: needed, enter })
      this.#sweep()
    })
    try {
      return await work()
    } finally {
      for (const budget of needed) budget.release()
    }
  }

  /** Bytes went from one to the other: what the budgets, each named once, learn from. Called for every chunk. */
  moved(budgets: readonly Budget[], bytes: number): void {
    for (const budget of budgets) budget.moved(bytes, this.#waiting.length > 0)
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
        // What it needs and could have is kept for it: a later one must not take that for ever.
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
