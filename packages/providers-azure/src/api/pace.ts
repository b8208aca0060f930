import { AsyncLocalStorage } from 'node:async_hooks'

/** The pause that Azure asked for in its last answer, in milliseconds. */
interface Pace {
  retryAfter: number | undefined
}

const STORAGE = new AsyncLocalStorage<Pace>()

/**
 * Notes the `Retry-After` of an answer for whoever waits for it in {@link pacedRequests}. The SDK's pollers keep it to themselves.
 * @param retryAfter milliseconds
 */
export function notePace(retryAfter: number | undefined): void {
  const pace = STORAGE.getStore()
  if (pace !== undefined) pace.retryAfter = retryAfter
}

/** Runs requests one after the other, and tells the pause that Azure asked for in the last answer. */
export function pacedRequests(): {
  run<T>(work: () => Promise<T>): Promise<T>
  retryAfter(): number | undefined
} {
  const pace: Pace = { retryAfter: undefined }
  return { run: work => STORAGE.run(pace, work), retryAfter: () => pace.retryAfter }
}
