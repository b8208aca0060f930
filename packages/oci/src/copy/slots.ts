import type { Budget } from '../store/capabilities.ts'

/** What a job knows of its slots. */
export interface Turn {
  /** Waits for the slots, unless the job has them. A job that gave them back goes before jobs that had none yet. */
  enter(): Promise<void>
  /** Gives the slots back, because the job has moved its bytes and only waits for an answer. */
  leave(): void
}

/** The turn of a job that needs no slots, or keeps them until it ends. */
export const KEPT: Turn = { enter: async () => {}, leave() {} }

interface Job {
  readonly budgets: readonly Budget[]
  state: 'waiting' | 'moving' | 'unanswered'
  /** Lets the job in. */
  enter: () => void
  entered: Promise<void>
}

/**
 * Runs jobs that need a slot of several budgets, such as those of a source and a target. A job takes all its slots at once or
 * none, which rules out deadlock. A later job may overtake only if it needs none of the budgets an earlier one is waiting for.
 */
export class Slots {
  #waiting: Job[] = []
  /** The budgets that are listened to, and what ends that: budgets outlive the slots. */
  readonly #known = new Map<Budget, () => void>()
  /** Jobs that run or wait. */
  #jobs = 0
  #sweeping = false

  async run<T>(budgets: readonly Budget[], work: (turn: Turn) => Promise<T>): Promise<T> {
    const job: Job = {
      budgets: [...new Set(budgets)],
      state: 'waiting',
      enter() {},
      entered: Promise.resolve(),
    }
    this.#jobs++
    this.#listen(job)
    this.#queue(job, 'push')
    await job.entered
    try {
      return await work({ enter: () => this.#enterAgain(job), leave: () => this.#leave(job) })
    } finally {
      this.#end(job)
      if (--this.#jobs === 0) this.#unlisten()
    }
  }

  #enterAgain(job: Job): Promise<void> {
    if (job.state === 'unanswered') {
      for (const budget of job.budgets) budget.answered()
      this.#queue(job, 'unshift')
    }
    return job.entered
  }

  #leave(job: Job): void {
    if (job.state !== 'moving') return
    job.state = 'unanswered'
    for (const budget of job.budgets) budget.sent()
  }

  #end(job: Job): void {
    if (job.state === 'moving') for (const budget of job.budgets) budget.release()
    else if (job.state === 'unanswered') for (const budget of job.budgets) budget.answered()
    else this.#waiting = this.#waiting.filter(other => other !== job)
  }

  #queue(job: Job, where: 'push' | 'unshift'): void {
    job.state = 'waiting'
    job.entered = new Promise(resolve => (job.enter = resolve))
    this.#waiting[where](job)
    this.#sweep()
  }

  /** Reports transferred bytes to the budgets, which adapt to the throughput. Called for every chunk. */
  moved(budgets: readonly Budget[], bytes: number): void {
    for (const budget of budgets) budget.moved(bytes, this.#waiting.length > 0)
  }

  #listen({ budgets }: Job): void {
    for (const budget of budgets) {
      if (this.#known.has(budget)) continue
      const unlisten = budget.onChange(() => this.#sweep())
      this.#known.set(budget, unlisten)
    }
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
      next.state = 'moving'
      next.enter()
    }
    this.#sweeping = false
  }
}
