import { GpregError, LayoutStore, type Digest } from '@gpreg/oci'
import { deleteGarbage, findGarbage } from '@gpreg/oci/engine'
import { isBundle } from '../bundle/served.ts'
import type { Context } from '../context.ts'

/** The answer of `gpreg serve --gc --json`. */
export interface GarbageResult {
  readonly kind: 'GarbageResult'
  readonly version: 1
  readonly directory: string
  /** True if nothing was removed, because it was not asked for. */
  readonly dryRun: boolean
  readonly removed: readonly Digest[]
  readonly totals: { readonly removed: number; readonly kept: number; readonly bytes: number }
}

/**
 * Removes from a layout the content that nothing in it reaches, while nobody else writes the layout.
 * @throws `input-invalid` for a bundle and for a layout with a damaged manifest, `storage` if a server or a copy is writing it
 */
export async function collectGarbage(
  directory: string,
  { dryRun }: { readonly dryRun: boolean },
  context: Context,
): Promise<GarbageResult> {
  if (await isBundle(directory))
    throw new GpregError('input-invalid', `${directory} is a bundle, which must not be changed`, {
      path: directory,
      hint: 'name the directory of a registry that gpreg serve keeps',
    })
  // Nothing is made where there is no layout.
  await LayoutStore.read(directory)
  const store = await LayoutStore.open(directory, context.now())
  await using claim = await store.claim(context.signal)
  const call = { signal: context.signal }
  const garbage = await findGarbage(directory, call)
  await claim.assertHeld()
  if (!dryRun) await deleteGarbage(directory, garbage, call)
  const { digests: removed, bytes, kept } = garbage
  return {
    kind: 'GarbageResult',
    version: 1,
    directory,
    dryRun,
    removed,
    totals: { removed: removed.length, kept, bytes },
  }
}
