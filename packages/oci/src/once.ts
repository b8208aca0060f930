/** Work that several want and one does: whoever asks by the same key gets the same promise, also while it is pending. */
export function once<T>(known: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const pending = known.get(key) ?? work()
  known.set(key, pending)
  return pending
}
