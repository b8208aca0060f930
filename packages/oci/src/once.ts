import { abortedError } from './errors.ts'

/** Runs `work` once for each key. Later calls with the same key get the same promise, also while it is pending. */
export function once<T>(known: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const pending = known.get(key) ?? work()
  known.set(key, pending)
  return pending
}

/**
 * Runs `work` in place of a promise whose result is of no use any more, or of none. Of all callers that hold the old one the first
 * runs it, and the others share the new promise. A failed one is removed, so that a later caller tries again.
 */
export function renewOnce<T>(
  known: Map<string, Promise<T>>,
  key: string,
  work: () => Promise<T>,
  old?: Promise<T>,
): Promise<T> {
  const current = known.get(key)
  if (current !== undefined && current !== old) return current
  const pending = work()
  known.set(key, pending)
  pending.catch(() => known.get(key) === pending && known.delete(key))
  return pending
}

/** Waits for work that others wait for, too. The signal ends the wait and not the work. @throws `aborted` */
export function waitFor<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(abortedError(signal.reason))
    const settle = () => signal.removeEventListener('abort', stop)
    shared.then(resolve, reject).finally(settle)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
}
