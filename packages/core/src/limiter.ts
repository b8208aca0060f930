/** Lets at most so many pieces of work run at once; the rest wait in order. */
export class Limiter {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await work()
    } finally {
      // The slot is handed on, not returned: nobody who came later can take it first.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}

/** `Promise.all` over a limit. Started work is always awaited; the first error is thrown once all has settled. */
export async function mapLimited<T, R>(
  items: Iterable<T>,
  limiter: Limiter,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const settled = await Promise.allSettled(Array.from(items, item => limiter.run(() => work(item))))
  return settled.map(result => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
