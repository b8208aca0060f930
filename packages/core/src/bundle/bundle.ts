import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { GpregError } from '../errors.ts'
import { readLock, writeLock, type Lock } from '../gitpod/lock.ts'
import { digestOf, type Digest } from '../model/digest.ts'
import { Archive } from '../store/archive/archive-reader.ts'
import { damaged } from '../store/archive/tar-header.ts'
import { LOCK_NAME } from '../store/archive/tar-plan.ts'
import type { LayoutReader } from '../store/layout-reader.ts'
import { LayoutStore } from '../store/layout-store.ts'
import { findBundle, type BundleFiles } from './files.ts'
import { verifyBytes } from './signature.ts'

/** A public key, and where it is from. */
export interface BundleKey {
  readonly pem: string
  readonly path: string
}

/** `valid` by the key, `unchecked` without one, `absent` where there is none. */
export type SignatureState = 'valid' | 'unchecked' | 'absent'

/** A bundle that can be read: its content is a store. */
export interface Bundle extends AsyncDisposable {
  readonly name: string
  readonly files: BundleFiles
  readonly signature: SignatureState
  readonly store: LayoutReader
  /** set but for directories */
  readonly archive?: Archive
  /** absent in layouts that gpreg did not write */
  readonly lock?: Lock
}

/**
 * Opens a bundle, its sidecar and signature checked first.
 * @throws `bundle-damaged`, `signature-invalid`, `input-unreadable`, `input-invalid`
 */
export async function openBundle(
  paths: readonly string[],
  key: BundleKey | undefined,
  context: Context,
): Promise<Bundle> {
  const files = await findBundle(paths)
  const signature = checkSignature(files, key, context)
  for (const { name, path, size, expected } of files.volumes) {
    if (path === undefined) throw damaged(`${name} of ${files.name} is missing`, name)
    if (expected !== undefined && size !== expected.size)
      throw damaged(`${path} has ${size} bytes, and should have ${expected.size}`, path)
  }
  const { name, directory } = files
  if (directory !== undefined) {
    const lock = checkLock(await readFile(join(directory, LOCK_NAME), 'utf8').catch(() => undefined), files)
    const store = await LayoutStore.read(directory)
    return { name, files, signature, store, ...lock, [Symbol.asyncDispose]: async () => {} }
  }
  const archive = await Archive.open(
    name,
    files.volumes.map(({ path }) => path!),
  )
  try {
    const lock = checkLock(await archive.document(LOCK_NAME), files)
    return {
      name,
      files,
      signature,
      store: archive,
      archive,
      ...lock,
      [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
    }
  } catch (error) {
    await archive[Symbol.asyncDispose]()
    throw error
  }
}

/** @throws `signature-invalid`, `input-invalid` */
export function checkSignature(
  { name, sidecar, signature }: BundleFiles,
  key: BundleKey | undefined,
  context: Context,
): SignatureState {
  if (key === undefined) {
    const why =
      signature === undefined ? 'is not signed' : 'was not checked for its signature; --key names the key'
    context.emit({
      type: 'warning',
      code: 'bundle-unchecked',
      message: `${name} ${why}`,
      subject: { path: name },
    })
    return signature === undefined ? 'absent' : 'unchecked'
  }
  if (sidecar === undefined || signature === undefined)
    throw new GpregError('signature-invalid', `${name} is not signed`, {
      path: name,
      hint: 'its .manifest.json and .manifest.json.sig belong beside it; without --key it is taken as it is',
    })
  verifyBytes(sidecar.bytes, signature, key, sidecar.path)
  return 'valid'
}

/** The lock in the bundle is what is loaded; the sidecar, which may be signed, says which one it must be. */
function checkLock(text: string | undefined, { name, sidecar }: BundleFiles): { lock?: Lock } {
  if (sidecar === undefined) return text === undefined ? {} : { lock: readLock(text, `the lock of ${name}`) }
  if (text === undefined || digestOf(text) !== sidecar.document.lock.digest)
    throw damaged(`the lock in ${name} is not the one that ${sidecar.path} says`, name)
  return { lock: sidecar.document.lock.document }
}

/** Which bundle brought a blob, as receipts say it: another one where this one left it out. */
export function originsOf(bundle: Bundle, lock: Lock): (digest: Digest) => string | undefined {
  const base = new Map(lock.base?.blobs.map(blob => [blob.digest, blob.bundle]))
  const title = bundleTitle(bundle, lock)
  return digest => (base.has(digest) ? base.get(digest) : title)
}

/** By its name, its lock, and when that was made. */
function bundleTitle({ name }: Bundle, lock: Lock): string {
  return `${name.slice(name.lastIndexOf('/') + 1)} of ${lock.created} (${digestOf(writeLock(lock)).slice(0, 19)})`
}
