import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ApiError } from '../api-error.ts'
import type { Comparison } from './bcrypt-worker.ts'

/** Logins of one client that may wait. */
const MAX_WAITING = 64

/** Seconds after which a refused client may ask again. */
const RETRY_AFTER = '5'

interface Job {
  readonly comparison: Comparison
  readonly done: PromiseWithResolvers<boolean>
}

/**
 * Compares passwords in another thread, one at a time. Clients take turns, so that one that guesses passwords holds up others by one
 * comparison at most.
 */
export class PasswordQueue {
  /** by client, in the order of their turns */
  readonly #waiting = new Map<string, Job[]>()
  #worker: Worker | undefined
  #isBusy = false

  /** @throws 429 if too many logins of this client wait */
  async compare(comparison: Comparison, client: string): Promise<boolean> {
    const jobs = this.#waiting.get(client) ?? []
    if (jobs.length >= MAX_WAITING)
      throw new ApiError(429, 'TOOMANYREQUESTS', 'too many logins at once', { 'retry-after': RETRY_AFTER })
    const job = { comparison, done: Promise.withResolvers<boolean>() }
    jobs.push(job)
    this.#waiting.set(client, jobs)
    void this.#work()
    return job.done.promise
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    for (let job = this.#next(); job !== undefined; job = this.#next()) {
      try {
        job.done.resolve(await this.#ask(job.comparison))
      } catch (error) {
        // A thread that failed is not asked again.
        this.#worker = undefined
        job.done.reject(error)
      }
    }
    this.#isBusy = false
  }

  /** The next login of the client whose turn it is. */
  #next(): Job | undefined {
    for (const [client, jobs] of this.#waiting) {
      this.#waiting.delete(client)
      const job = jobs.shift()
      if (jobs.length > 0) this.#waiting.set(client, jobs)
      return job
    }
    return undefined
  }

  async #ask(comparison: Comparison): Promise<boolean> {
    const worker = (this.#worker ??= startWorker())
    worker.postMessage(comparison)
    const [isRight] = await once(worker, 'message')
    return isRight === true
  }
}

/** Starts the thread. It does not keep the process alive. */
function startWorker(): Worker {
  const file = new URL(`./bcrypt-worker${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(file)
  worker.unref()
  return worker
}
