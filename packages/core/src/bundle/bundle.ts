import { join } from 'node:path'
import type { Context } from '../context.ts'
import { GpregError, isGpregError, digestOf, type Digest, Archive, LayoutStore } from '@gpreg/oci'
import { damaged, nameOf, readDocument, type IndexEntry, type LayoutReader } from '@gpreg/oci/engine'
import { readLock, writeLock, type Lock } from '../documents/lock.ts'
import { lockedNames } from './bundle-lock.ts'
import { findBundle, LOCK_NAME, sidecarPath, signaturePath, type BundleFiles } from './files.ts'
import { verifyBytes } from './signature.ts'
import { assertTar } from './tar-file.ts'

/** A public key and the path of its file. */
export interface BundleKey {
  readonly pem: string
  readonly path: string
}

/** `valid`: the signature fits the key; `unchecked`: no key was given; `absent`: no key was given, and there is no signature. */
export type SignatureState = 'valid' | 'unchecked' | 'absent'

/** An open bundle, which can be read as a store. */
export interface Bundle extends AsyncDisposable {
  readonly name: string
  readonly files: BundleFiles
  readonly signature: SignatureState
  readonly store: LayoutReader
  /** absent if the bundle is a directory */
  readonly archive?: Archive
  /** absent in layouts that gpreg did not write */
  readonly lock?: Lock
}

/** Documents in the tar of a bundle: the lock, and the sidecar if the tar was made of a directory. */
const DOCUMENTS = [LOCK_NAME, sidecarPath('', true), signaturePath(sidecarPath('', true))]

/**
 * Opens a bundle, after checking its sidecar and signature.
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
    const lock = checkLock(await readDocument(join(directory, LOCK_NAME)), files)
    const store = checkNames(await readLayout(directory, lock), lock, name)
    return { name, files, signature, store, ...asLock(lock), [Symbol.asyncDispose]: async () => {} }
  }
  const [first] = files.volumes
  if (files.sidecar === undefined && first?.path !== undefined) await assertTar(first.path)
  const archive = await Archive.open(
    files.volumes.map(({ path }) => path!),
    { name, documents: DOCUMENTS },
  )
  try {
    const lock = checkLock(await archive.document(LOCK_NAME), files)
    return {
      name,
      files,
      signature,
      store: checkNames(archive, lock, name),
      archive,
      ...asLock(lock),
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

/**
 * Checks that the lock in the bundle is the one in the sidecar, because the signature covers only the sidecar. One without names of
 * images in the bundle, as `gpreg lock` writes it, is not the lock of a bundle.
 */
function checkLock(text: string | undefined, { name, sidecar }: BundleFiles): Lock | undefined {
  if (sidecar === undefined) {
    const lock = text === undefined ? undefined : readLock(text, `the lock of ${name}`)
    return lock?.images.some(({ paths }) => paths === undefined) ? undefined : lock
  }
  if (text === undefined || digestOf(text) !== sidecar.document.lock.digest)
    throw damaged(`the lock in ${name} is not the one that ${sidecar.path} says`, name)
  return sidecar.document.lock.document
}

function asLock(lock: Lock | undefined): { lock?: Lock } {
  return lock === undefined ? {} : { lock }
}

/** Opens the layout of a bundle. If there is a lock, an unreadable layout is damage, not a foreign directory. */
async function readLayout(directory: string, lock: Lock | undefined): Promise<LayoutReader> {
  try {
    return await LayoutStore.read(directory)
  } catch (error) {
    if (lock === undefined || !isGpregError(error)) throw error
    throw damaged(error.message, directory, error)
  }
}

/**
 * The signature covers the lock, not `index.json`. So tags are taken from the lock; an `index.json` entry that contradicts it is
 * damage, an extra one is ignored.
 */
function checkNames(store: LayoutReader, lock: Lock | undefined, name: string): LayoutReader {
  if (lock === undefined) return store
  const named = new Map(store.entries().map(entry => [nameOf(entry), entry.digest]))
  const entries = namesIn(lock, name)
  for (const entry of entries) {
    const tagged = nameOf(entry)
    const found = named.get(tagged)
    if (found === entry.digest) continue
    throw damaged(
      `index.json in ${name} has ${found ?? 'nothing'} for ${tagged}, its lock ${entry.digest}`,
      name,
    )
  }
  return store.under({ entries: () => entries })
}

/** Without a sidecar, only a name that cannot be read tells that the lock was changed on its way. */
function namesIn(lock: Lock, name: string): IndexEntry[] {
  try {
    return lockedNames(lock)
  } catch (error) {
    if (!isGpregError(error, 'reference-invalid')) throw error
    throw damaged(`the lock in ${name} is damaged: ${error.message}`, name, error)
  }
}

/** Names the bundle that brought a blob, for receipts: this one, or the base if this one leaves the blob out. */
export function originsOf(bundle: Bundle, lock: Lock): (digest: Digest) => string | undefined {
  const base = new Map(lock.base?.blobs.map(blob => [blob.digest, blob.bundle]))
  const title = bundleTitle(bundle, lock)
  return digest => (base.has(digest) ? base.get(digest) : title)
}

/** The title of a bundle in receipts: its name, and time and digest of its lock. */
function bundleTitle({ name }: Bundle, lock: Lock): string {
  return `${name.slice(name.lastIndexOf('/') + 1)} of ${lock.created} (${digestOf(writeLock(lock)).slice(0, 19)})`
}
