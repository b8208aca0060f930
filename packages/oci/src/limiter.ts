/** Runs at most `limit` jobs in parallel; the others wait in order. */
export class Limiter {
  readonly #limit: () => number
  #waiting: (() => void)[] = []
  /** Number of entries at the front of the queue that have started. They are removed in bulk, because removing from the front is slow. */
  #served = 0
  #running = 0

  /** @param limit at least 1; a function is called whenever a job starts or ends */
  constructor(limit: number | (() => number)) {
    this.#limit = typeof limit === 'number' ? () => limit : limit
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit()) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await work()
    } finally {
      this.#running--
      this.#letIn()
    }
  }

  /** Starts waiting jobs. A free slot goes to the first waiting job, never to a later one. */
  #letIn(): void {
    while (this.#running < this.#limit()) {
      const next = this.#next()
      if (next === undefined) return
      this.#running++
      next()
    }
  }

  #next(): (() => void) | undefined {
    const next = this.#waiting[this.#served]
    if (next !== undefined) this.#served++
    if (this.#served > 1000 || this.#served === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#served)
      this.#served = 0
    }
    return next
  }
}

/**
 * `Promise.all` that awaits all promises before it throws the first error, so that no work goes on while the caller handles the
 * error.
 */
export async function allSettledOrThrow<const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(work)
  return settled.map(result => {
    if (result.status === 'rejected') throw result.reason
    return result.value as unknown
  }) as { -readonly [K in keyof T]: Awaited<T[K]> }
}

/**
 * Runs `work` on every item, at most `limit` in parallel. Waits for everything that was started, then throws the first error.
 * Queued items hold no promise.
 */
export async function mapLimited<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const started: Promise<R>[] = []
  const queue = [...items].values()
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      const pending = work(item)
      started.push(pending)
      await pending.catch(() => {})
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
  return allSettledOrThrow(started)
}
