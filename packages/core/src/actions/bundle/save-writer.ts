import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { bundleContents } from '../../bundle/bundle-lock.ts'
import { assertRoom, diskFull, freeSpace, type DiskSpace } from '../../bundle/disk.ts'
import { findBundle, LOCK_NAME, sidecarPath, signaturePath } from '../../bundle/files.ts'
import { createSidecar, formatSidecar, type Sidecar, type SidecarFile } from '../../documents/sidecar.ts'
import { signBytes } from '../../bundle/signature.ts'
import { bytesToCheck, checkVolumes } from '../../bundle/volume-damage.ts'
import type { Context } from '../../context.ts'
import { type CopyOutcome, digestOf, LayoutStore } from '@gpreg/oci'
import {
  executePlan,
  probeTargets,
  type TransferPlan,
  isAtTarget,
  type ToCopy,
  writeOutputFile,
  type Registries,
  partialPath,
  volumesOf,
  ArchiveWriter,
  discardBeginning,
  planTar,
  retarget,
  unlessAborted,
} from '@gpreg/oci/engine'
import { writeLock, type Lock } from '../../documents/lock.ts'
import { copyOptions } from '../mirror.ts'
import { leftOut, type Draft, type SaveOptions } from './save-draft.ts'

/** The result of writing a draft. */
export interface Written {
  readonly plan: TransferPlan
  readonly outcome: CopyOutcome
  /** what the bundle consists of; absent if an image failed, because the bundle is not finished then */
  readonly sidecar?: Sidecar
}

/**
 * Writes the archive of a draft, or continues an unfinished one. If the archive exists already and is intact, only its sidecar
 * and its signature are written again.
 * @throws `storage`, `usage`, `aborted`
 */
export async function writeArchive(
  { surveys, lock }: Draft,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<Written> {
  const whole = await wholeBundle(lock, options, context)
  if (whole !== undefined) {
    const images = surveys.map(({ item, root }) => ({ item, status: 'up-to-date' as const, root }))
    const plan = { images, blobs: [] }
    const outcome = await executePlan(plan, copyOptions(options, registries), context)
    const sidecar = await seal(whole, lock, options)
    // If an earlier run was killed at its very end, the folder of its unfinished archive still exists.
    await discardBeginning(options.path)
    return { plan, outcome, sidecar }
  }
  const tar = planTar(bundleContents(surveys, lock))
  const target = { ...options, elsewhere: leftOut(lock) }
  const opened =
    (await ArchiveWriter.open(target, tar, context.signal)) ?? (await startOver(options.path, context))
  await using archive = opened ?? (await ArchiveWriter.open(target, tar, context.signal))!
  await writeOutputFile(join(partialPath(options.path), LOCK_NAME), writeLock(lock))
  assertRoom(options.path, { needed: archive.missing(), free: await freeSpace(options.path) })
  const { plan, outcome } = await copyInto(
    retarget(surveys, name => ({ store: options.path, repository: archive.repository(name) })),
    registries,
    options,
    context,
    () => archive.missing(),
  )
  if (outcome.images.some(({ status }) => status === 'failed')) return { plan, outcome }
  let sidecar: Sidecar | undefined
  await archive.finish(
    () =>
      removeOld(
        options.path,
        sidecarPath(options.path, false),
        volumesOf(target, tar.size).map(({ path }) => path),
      ),
    async finished => {
      const files = volumesOf(target, tar.size)
      const volumes = finished.map((volume, at) => ({ name: basename(files[at]!.path), ...volume }))
      sidecar = await seal(volumes, lock, options)
    },
  )
  return { plan, outcome, ...(sidecar === undefined ? {} : { sidecar }) }
}

/**
 * Writes a draft into a directory, or continues an unfinished one. An older bundle in it stays as it is until all content is there.
 * @throws `storage`, also if another process is writing into the directory, `input-invalid`, `aborted`
 */
export async function writeDirectory(
  { surveys, lock }: Draft,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<Written> {
  const layout = await LayoutStore.resume(options.path, context.now(), leftOut(lock), context.signal)
  await using claim = await layout.claim(context.signal)
  const draft = layout.draft()
  const targeted = retarget(surveys, name => ({ store: options.path, repository: draft.repository(name) }))
  const { plan, outcome } = await copyInto(targeted, registries, options, context)
  if (outcome.images.some(({ status }) => status === 'failed')) return { plan, outcome }
  await claim.assertHeld()
  await draft.finish()
  await writeOutputFile(join(options.path, LOCK_NAME), writeLock(lock))
  return { plan, outcome, sidecar: await seal([], lock, options) }
}

/** The volumes of a bundle with this lock, if it exists already and every volume has the hash in its sidecar. */
async function wholeBundle(
  lock: Lock,
  options: SaveOptions,
  context: Context,
): Promise<SidecarFile[] | undefined> {
  try {
    const files = await findBundle([sidecarPath(options.path, false)])
    const document = files.sidecar?.document
    if (document?.lock.digest !== digestOf(writeLock(lock))) return undefined
    const wanted = volumesOf(
      options,
      files.volumes.reduce((sum, { size }) => sum + size, 0),
    )
    const same =
      wanted.length === files.volumes.length &&
      wanted.every(({ path }, at) => files.volumes[at]!.path === path)
    if (!same) return undefined
    context.emit({ type: 'read.started', bytes: bytesToCheck(files.volumes) })
    const { damage } = await checkVolumes(files.volumes, context)
    return damage.length === 0 ? [...document.volumes] : undefined
  } catch (error) {
    unlessAborted(error)
    return undefined
  }
}

/**
 * Copies the images into the archive or the directory of the bundle.
 * @throws `storage` if the disk has too little room
 */
async function copyInto(
  surveys: readonly ToCopy[],
  registries: Registries,
  options: SaveOptions,
  context: Context,
  missing?: () => number,
): Promise<{ plan: TransferPlan; outcome: CopyOutcome }> {
  const plan = await probeTargets(surveys, context)
  const needed = plan.blobs.reduce((sum, blob) => sum + (isAtTarget(blob) ? 0 : blob.descriptor.size), 0)
  if (missing === undefined) assertRoom(options.path, { needed, free: await freeSpace(options.path) })
  const outcome = await executePlan(plan, copyOptions(options, registries), context)
  const full = outcome.images.find(({ error }) => error !== undefined && isFull(error))
  if (full === undefined) return { plan, outcome }
  const disk: DiskSpace = { needed: missing?.() ?? needed, free: await freeSpace(options.path) }
  throw diskFull(options.path, disk, full.error)
}

function isFull(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (['ENOSPC', 'EDQUOT'].includes((at as NodeJS.ErrnoException).code ?? '')) return true
  return false
}

/** Writes the file that goes beside the bundle, then the sidecar and its signature. Without a key, an old signature is removed. */
async function seal(
  volumes: readonly SidecarFile[],
  lock: Lock,
  { path, form, sign, tool, beside }: SaveOptions,
): Promise<Sidecar> {
  const sidecar = sidecarPath(path, form === 'directory')
  const document = createSidecar(tool, volumes, lock, beside && [await beside(dirname(sidecar))])
  const text = formatSidecar(document)
  const signature = signaturePath(sidecar)
  if (sign === undefined) await rm(signature, { force: true })
  else await writeOutputFile(signature, signBytes(Buffer.from(text), sign.pem, sign.path))
  await writeOutputFile(sidecar, text)
  return document
}

/** Removes the files of an older bundle of the same name, because they would be taken for parts of this one. */
async function removeOld(path: string, sidecar: string, keep: readonly string[]): Promise<void> {
  const old = await findBundle([sidecar]).catch(() => undefined)
  for (const volume of old?.volumes ?? [])
    // The old sidecar is untrusted: only files whose names are this bundle's name (plus `.NNN`) are removed.
    if (volume.path !== undefined && !keep.includes(volume.path) && isOf(volume.path, path))
      await rm(volume.path, { force: true })
  await rm(sidecar, { force: true })
  await rm(signaturePath(sidecar), { force: true })
}

function isOf(volume: string, path: string): boolean {
  return volume.startsWith(path) && /^(?:\.\d{3})?$/.test(volume.slice(path.length))
}

async function startOver(path: string, { emit }: Context): Promise<undefined> {
  const message = `${partialPath(path)} was the beginning of another bundle, and is thrown away`
  await discardBeginning(path)
  emit({ type: 'warning', code: 'bundle-restarted', message, subject: { path } })
}
