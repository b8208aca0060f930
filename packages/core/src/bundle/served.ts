import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { type ReadableRepository, type Store, LayoutStore } from '@gpreg/oci'
import { isThere, throwIfAborted } from '@gpreg/oci/engine'
import { openBundle, type Bundle, type BundleKey } from './bundle.ts'
import { isPart, isSidecar, LOCK_NAME } from './files.ts'

export interface ServedStore extends AsyncDisposable {
  readonly store: Store<ReadableRepository>
  /** True for a bundle, because a bundle must not be changed. */
  readonly readOnly: boolean
}

/**
 * Opens the store of `gpreg serve`: a bundle, without unpacking, or a layout in a directory, which is created if it is missing. A
 * layout that may be written is claimed for this process. With `readOnly` nothing is written, not even a claim.
 * @throws the errors of opening a bundle or a layout, and `storage` if another process is writing the layout
 */
export async function openServedStore(
  paths: readonly string[],
  key: BundleKey | undefined,
  context: Context,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<ServedStore> {
  const [first = '.'] = paths
  if (paths.length > 1 || key !== undefined || (await isBundle(first))) {
    const bundle = await openBundle(paths, key, context)
    warnOfBase(bundle, context)
    return { store: bundle.store, readOnly: true, [Symbol.asyncDispose]: () => bundle[Symbol.asyncDispose]() }
  }
  if (readOnly)
    return { store: await LayoutStore.read(first), readOnly: true, [Symbol.asyncDispose]: async () => {} }
  throwIfAborted(context.signal)
  const store = await LayoutStore.open(first, context.now())
  const claim = await store.claim(context.signal)
  return { store, readOnly: false, [Symbol.asyncDispose]: () => claim[Symbol.asyncDispose]() }
}

function warnOfBase({ name, lock }: Bundle, { emit }: Context): void {
  const left = lock?.base?.blobs.length ?? 0
  if (left === 0) return
  const message = `${name} leaves out ${left} blobs that its target holds: images that need them cannot be pulled from here`
  emit({ type: 'warning', code: 'bundle-partial', message, subject: { path: name } })
}

/** True for a file, for the base name of volumes, and for a directory with a lock, a sidecar or volumes. */
export async function isBundle(path: string): Promise<boolean> {
  const isDirectory = await stat(path).then(
    info => info.isDirectory(),
    () => undefined,
  )
  if (isDirectory === undefined) return (await isThere(`${path}.manifest.json`)) || isThere(`${path}.001`)
  if (!isDirectory) return true
  if (await isThere(join(path, LOCK_NAME))) return true
  const names = await readdir(path)
  return names.includes('index.json') ? names.some(isSidecar) : names.some(isPart)
}
