import type { Budget } from '../store/capabilities.ts'

/** What a job can do with its slots. */
export interface Turn {
  /** Waits for the slots, unless the job has them. A job that gave them back goes before jobs that had none yet. */
  enter(): Promise<void>
  /** Takes the slots again without a wait, over the limit if need be: the job is moving bytes once more. */
  move(): void
  /** Gives the slots back: the job has moved its bytes, and the target is left to finish. */
  finish(): void
}

/** Does nothing: for a job without slots, and for one that keeps them until it ends. */
export const NO_TURN: Turn = { enter: async () => {}, move() {}, finish() {} }

/** The budgets that a job needs slots of. */
interface Needs {
  readonly budgets: readonly Budget[]
  /** Those of them whose hosts still work when the job has moved its bytes. */
  readonly finishing: readonly Budget[]
  /** The job goes before jobs that had no slots yet. */
  readonly isFirst?: boolean
}

interface Job extends Needs {
  state: 'waiting' | 'moving' | 'finishing' | 'ended'
  isFirst: boolean
  /** Lets the job in that waits. */
  admit: () => void
  admitted: Promise<void>
}

/**
 * Runs jobs that need a slot of several budgets, such as those of a source and a target. A job takes all its slots at once or
 * none, which rules out deadlock, and may give them back before it ends. A later job may overtake only if it needs none of the budgets
 * an earlier one is waiting for.
 */
export class Slots {
  #waiting: Job[] = []
  /** The budgets that are listened to, and what ends that: budgets outlive the slots. */
  readonly #known = new Map<Budget, () => void>()
  /** Jobs that run or wait. */
  #jobs = 0
  #sweeping = false

  async run<T>({ budgets, finishing, isFirst = false }: Needs, work: (turn: Turn) => Promise<T>): Promise<T> {
    const job: Job = {
      budgets: [...new Set(budgets)],
      finishing,
      state: 'waiting',
      isFirst,
      admit() {},
      admitted: Promise.resolve(),
    }
    this.#jobs++
    this.#listen(job)
    this.#queue(job)
    await job.admitted
    try {
      return await work({
        enter: () => this.#enter(job),
        move: () => this.#move(job),
        finish: () => this.#finish(job),
      })
    } finally {
      this.#end(job)
      if (--this.#jobs === 0) this.#unlisten()
    }
  }

  #enter(job: Job): Promise<void> {
    if (job.state !== 'finishing') return job.admitted
    job.isFirst = true
    // Before its place is free, because another job would take that.
    this.#queue(job)
    for (const budget of job.finishing) budget.endFinishing()
    return job.admitted
  }

  #move(job: Job): void {
    if (job.state !== 'finishing') return
    job.state = 'moving'
    for (const budget of job.budgets) budget.take()
    for (const budget of job.finishing) budget.endFinishing()
  }

  #finish(job: Job): void {
    if (job.state !== 'moving') return
    job.state = 'finishing'
    for (const budget of job.finishing) budget.beginFinishing()
    for (const budget of job.budgets) budget.release()
  }

  #end(job: Job): void {
    const { state } = job
    job.state = 'ended'
    if (state === 'moving') for (const budget of job.budgets) budget.release()
    if (state === 'finishing') for (const budget of job.finishing) budget.endFinishing()
    if (state === 'waiting') this.#waiting = this.#waiting.filter(other => other !== job)
  }

  #queue(job: Job): void {
    job.state = 'waiting'
    job.admitted = new Promise(resolve => (job.admit = resolve))
    const behind = job.isFirst ? this.#waiting.findIndex(other => !other.isFirst) : -1
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, job)
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
      next.admit()
    }
    this.#sweeping = false
  }
}
