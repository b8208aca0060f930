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
  old: Promise<T> | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const current = known.get(key)
  if (current !== undefined && current !== old) return current
  const pending = work()
  known.set(key, pending)
  pending.catch(() => known.get(key) === pending && known.delete(key))
  return pending
}
