import { startsAs } from './document.ts'
import { readLock, type Lock } from './lock.ts'

/**
 * Reads a lock, or the lock in the manifest of a bundle, because inside an air gap there may be no other.
 * @throws `input-invalid`, `bundle-damaged`
 */
export async function readLockFile(text: string, path: string): Promise<Lock> {
  if (!startsAs('BundleManifest', text)) return readLock(text, path)
  // It loads the engine, and a lock is read without.
  const { parseSidecar } = await import('./sidecar.ts')
  return parseSidecar(text, path).lock.document
}
