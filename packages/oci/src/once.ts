/** Runs `work` once for each key. Later calls with the same key get the same promise, also while it is pending. */
export function once<T>(known: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const pending = known.get(key) ?? work()
  known.set(key, pending)
  return pending
}
