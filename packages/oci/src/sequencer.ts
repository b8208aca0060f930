/** Runs jobs that share a key one after the other, in the order of their calls, and all others in parallel. */
export class Sequencer {
  /** the last job of each key that has not ended */
  readonly #last = new Map<string, Promise<unknown>>()

  /** A job begins when those before it have ended, well or not. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = keys.flatMap(key => this.#last.get(key) ?? [])
    const job = Promise.allSettled(before).then(work)
    for (const key of keys) this.#last.set(key, job)
    try {
      return await job
    } finally {
      for (const key of keys) if (this.#last.get(key) === job) this.#last.delete(key)
    }
  }
}
