/** Lets at most so many pieces of work run at once; the rest wait in order. */
export class Limiter {
  readonly #limit: () => number
  #waiting: (() => void)[] = []
  /** How many of the waiting have had their turn; they are dropped in bulk, since taking from the front is slow. */
  #served = 0
  #running = 0

  /** @param limit at least one; what changes is looked at whenever a piece of work begins or ends */
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

  /** Slots are handed over at once: nobody who comes later can take one first. */
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
 * `Promise.all` that awaits everything that was started before it throws the first error: nothing goes on behind the back of
 * whoever handles that error.
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

/** {@link allSettledOrThrow} over work that is started only so many pieces at once: what waits costs nothing. */
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
