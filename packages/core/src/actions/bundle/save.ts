import { bundleContents } from '../../bundle/bundle-lock.ts'
import { freeSpace } from '../../bundle/disk.ts'
import type { SidecarFile } from '../../documents/sidecar.ts'
import type { Context } from '../../context.ts'
import type { Digest } from '@gpreg/oci'
import { executePlan, probeTargets, type Registries, planTar } from '@gpreg/oci/engine'
import type { ImageSet, NamedImage } from '../../gitpod/image-set.ts'
import { describePlan, dockerHub, type MirrorPlan } from '../mirror-plan.ts'
import { copyOptions, startMeter, type MirrorResult } from '../mirror.ts'
import { draftBundle, type SaveOptions } from './save-draft.ts'
import { writeArchive, writeDirectory, type Written } from './save-writer.ts'

export type { SaveOptions } from './save-draft.ts'

/**
 * The answer of `gpreg bundle save --json`. Images and totals are those of a MirrorResult; a target is a name in the bundle. If an image
 * could not be read, no bundle is begun: `images` has only what failed, `totals` counts all.
 */
export interface SaveResult extends Omit<MirrorResult, 'kind'> {
  readonly kind: 'SaveResult'
  readonly path: string
  /** digest of the lock in the bundle; absent if no bundle was finished */
  readonly lock?: Digest
  readonly volumes: readonly SidecarFile[]
  /** files that were written beside the bundle, such as gpreg itself */
  readonly beside: readonly SidecarFile[]
  readonly signed: boolean
  /** blobs that are not in the bundle, because the receipt says that the target has them */
  readonly leftOut: { readonly blobs: number; readonly bytes: number }
}

/**
 * Writes an image set into a bundle. The bundle gets its name only when it is complete. Failures are in the result, and the
 * same call then continues with the images that are missing.
 * @throws `storage`, `usage`, `aborted`
 */
export async function saveBundle(
  set: ImageSet<NamedImage>,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<SaveResult> {
  const meter = startMeter(registries, context, options.policy)
  const draft = await draftBundle(set, registries, options, meter.context)
  const { plan, outcome, sidecar } = await write()
  const lock = sidecar?.lock.document
  const copied = meter.result(plan, outcome)
  const blobs = lock?.base?.blobs ?? []
  return {
    ...copied,
    kind: 'SaveResult',
    totals: { ...copied.totals, images: set.images.length },
    path: options.path,
    ...(sidecar === undefined ? {} : { lock: sidecar.lock.digest }),
    volumes: sidecar?.volumes ?? [],
    beside: sidecar?.beside ?? [],
    signed: sidecar !== undefined && options.sign !== undefined,
    leftOut: { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) },
  }

  async function write(): Promise<Written> {
    if (draft.status === 'failed') {
      const plan = { images: draft.surveys.filter(survey => survey.status === 'failed'), blobs: [] }
      return { plan, outcome: await executePlan(plan, copyOptions(options, registries), meter.context) }
    }
    const writeForm = options.form === 'archive' ? writeArchive : writeDirectory
    return writeForm(draft, registries, options, meter.context)
  }
}

/** Plans saveBundle and compares the size with the free disk space. Nothing is written. */
export async function planSave(
  set: ImageSet<NamedImage>,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<MirrorPlan> {
  const draft = await draftBundle(set, registries, options, context)
  const plan = await probeTargets(draft.surveys, context)
  if (draft.status === 'failed') return describePlan(plan)
  const disk = {
    needed: planTar(bundleContents(draft.surveys, draft.lock)).size,
    free: await freeSpace(options.path),
  }
  return { ...describePlan(plan), disk, ...dockerHub(plan, registries) }
}
