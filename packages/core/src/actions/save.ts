import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { archiveContents, lockBundle, pathOf, type ToCopy } from '../bundle/bundle-lock.ts'
import { assertRoom, freeSpace, type DiskSpace } from '../bundle/disk.ts'
import { findBundle, signaturePath, sidecarPath } from '../bundle/files.ts'
import type { Receipt } from '../bundle/receipt.ts'
import { formatReceipt } from '../bundle/receipt.ts'
import { createSidecar, formatSidecar, type SidecarVolume } from '../bundle/sidecar.ts'
import { signBytes } from '../bundle/signature.ts'
import { volumeDamage } from '../bundle/volume-damage.ts'
import type { Context } from '../context.ts'
import { executePlan, type CopyOutcome } from '../copy/execute.ts'
import type { Place } from '../copy/item.ts'
import { graphsOf, lookAtTargets, surveyItems, type TransferPlan } from '../copy/plan.ts'
import { isHeld } from '../copy/presence.ts'
import type { Survey } from '../copy/survey.ts'
import { GpregError, isGpregError } from '../errors.ts'
import { readLock, writeLock, type Lock, type LockBase } from '../gitpod/lock.ts'
import type { ImageSet } from '../gitpod/image-set.ts'
import { digestOf, type Digest } from '../model/digest.ts'
import { formatReference } from '../model/reference.ts'
import { writeOutputFile } from '../output-file.ts'
import type { Registries } from '../remote/registries.ts'
import { partialPath, volumesOf } from '../store/archive/archive-files.ts'
import { ArchiveWriter } from '../store/archive/archive-writer.ts'
import { LOCK_NAME, planTar } from '../store/archive/tar-plan.ts'
import { LayoutStore } from '../store/layout-store.ts'
import { Nowhere } from '../store/nowhere.ts'
import { copyItem } from './items.ts'
import { describePlan, dockerHub, type MirrorPlan } from './mirror-plan.ts'
import { copyOptions, startMeter, type MirrorOptions, type MirrorResult } from './mirror.ts'

export interface SaveOptions extends MirrorOptions {
  /** `NAME.tar`, the base name of volumes, or a directory. */
  readonly path: string
  readonly form: 'directory' | 'archive'
  /** bytes of all volumes but the last; absent for one tar */
  readonly volumeSize?: number
  /** What the target holds: its blobs are left out. */
  readonly since?: Receipt
  /** private key, PEM */
  readonly sign?: { readonly pem: string; readonly path: string }
  /** what the sidecar says that wrote it */
  readonly tool: string
}

/** The answer of `gpreg bundle save --json`. Images and totals are as of a mirror; a target is a name below the prefix. */
export interface SaveResult extends Omit<MirrorResult, 'kind'> {
  readonly kind: 'SaveResult'
  readonly path: string
  /** digest of the lock in it; absent where nothing was written */
  readonly lock?: Digest
  readonly volumes: readonly SidecarVolume[]
  readonly signed: boolean
  /** blobs that the target holds by the receipt */
  readonly leftOut: { readonly blobs: number; readonly bytes: number }
}

/**
 * Writes the set into a bundle. The bundle has its name only once all of it is there; failures are in the result, and the
 * same call goes on from what was finished.
 * @throws `storage`, `usage`, `aborted`
 */
export async function saveBundle(
  set: ImageSet,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<SaveResult> {
  const meter = startMeter(registries, context)
  const draft = await draftBundle(set, registries, options, meter.context)
  if ('failed' in draft) return result(draft.failed, draft.outcome)
  const { lock } = draft
  const done = options.form === 'archive' ? await wholeBundle(draft, options) : undefined
  if (done !== undefined) {
    const images = draft.surveys.map(({ item, root }) => ({ item, status: 'up-to-date' as const, root }))
    const outcome = {
      ...NOTHING,
      images: images.map(({ root, ...image }) => ({ ...image, digest: root.digest })),
    }
    for (const { item, root } of images)
      context.emit({
        type: 'image.up-to-date',
        image: item.targetName,
        source: item.sourceName,
        digest: root.digest,
      })
    const volumes = await seal(done, lock, options)
    // Killed just before this, the folder of the beginning is still there.
    await rm(partialPath(options.path), { recursive: true, force: true })
    return result({ images, blobs: [] }, outcome, volumes)
  }
  const write = options.form === 'archive' ? writeArchive : writeDirectory
  const { plan, outcome, volumes } = await write(draft, registries, options, meter.context)
  return result(plan, outcome, volumes)

  function result(plan: TransferPlan, outcome: CopyOutcome, volumes?: readonly SidecarVolume[]): SaveResult {
    const { images, totals } = meter.result(plan, outcome)
    const { blobs = [] } = 'lock' in draft ? (draft.lock.base ?? {}) : {}
    return {
      kind: 'SaveResult',
      version: 1,
      path: options.path,
      ...('lock' in draft && volumes !== undefined ? { lock: digestOf(writeLock(draft.lock)) } : {}),
      images,
      volumes: volumes ?? [],
      signed: volumes !== undefined && options.sign !== undefined,
      leftOut: { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) },
      totals,
    }
  }
}

/** What saveBundle would write, and whether there is room. Nothing is written. */
export async function planSave(
  set: ImageSet,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<MirrorPlan> {
  const draft = await draftBundle(set, registries, options, context)
  if ('failed' in draft) return describePlan(draft.failed)
  const planned = new Nowhere(options.path, leftOut(draft.lock))
  const plan = await lookAtTargets(
    retarget(draft.surveys, name => ({ store: options.path, repository: planned.repository(name) })),
    context,
  )
  const disk = {
    needed: planTar(archiveContents(draft.surveys, draft.lock)).size,
    free: await freeSpace(options.path),
  }
  return { ...describePlan(plan), disk, ...dockerHub(plan, registries) }
}

interface Draft {
  readonly surveys: readonly ToCopy[]
  readonly lock: Lock
}

const NOTHING: CopyOutcome = {
  images: [],
  totals: { sent: 0, mounted: 0, present: 0, bytes: { sent: 0, mounted: 0, present: 0 } },
}

/** All that the bundle will be, down to its digests. A bundle that would lack an image is not begun. */
async function draftBundle(
  set: ImageSet,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<Draft | { readonly failed: TransferPlan; readonly outcome: CopyOutcome }> {
  const begun = options.form === 'archive' ? await readBegun(options.path) : undefined
  const pinned = options.platforms?.length ? set : pinTo(set, begun)
  const nothing = new Nowhere(options.path)
  const items = pinned.images.map(entry => {
    const from = registries.open('source', entry.source)
    const { target } = entry
    const path = pathOf(target!)
    const to = { store: options.path, repository: nothing.repository(target!.repository) }
    return copyItem(entry, { store: from.host, repository: from.repository }, to, {
      targetName: path,
      tag: target!.tag,
    })
  })
  const surveys = await surveyItems(items, copyOptions(options, registries), context)
  if (!surveys.every(isToCopy)) {
    const failed: TransferPlan = { images: surveys.filter(({ status }) => status === 'failed'), blobs: [] }
    return { failed, outcome: await executePlan(failed, copyOptions(options, registries), context) }
  }
  const base = options.since && baseOf(options.since, surveys)
  const lockAt = (created: string) => lockBundle(pinned, surveys, new Date(created), base)
  const lock = lockAt(set.locked ?? new Date(context.now()).toISOString())
  if (set.locked !== undefined || begun === undefined) return { surveys, lock }
  // What was begun goes on under the time it has, where it is still the same.
  const same = lockAt(begun.created)
  return { surveys, lock: writeLock(same) === writeLock(begun) ? same : lock }
}

function isToCopy(survey: Survey): survey is ToCopy {
  return survey.status === 'to-copy'
}

async function readBegun(path: string): Promise<Lock | undefined> {
  try {
    return readLock(await readFile(join(partialPath(path), LOCK_NAME), 'utf8'))
  } catch {
    return undefined
  }
}

/** Moving tags stay where they were when the bundle was begun, so that it can be finished. */
function pinTo(set: ImageSet, begun: Lock | undefined): ImageSet {
  if (begun === undefined || set.locked !== undefined) return set
  const bySource = new Map(begun.images.map(image => [image.source, image]))
  const pinned = set.images.map(entry => {
    const known = bySource.get(formatReference(entry.source))
    return known === undefined || entry.locked !== undefined ? entry : { ...entry, locked: known }
  })
  return pinned.every(({ locked }) => locked !== undefined) ? { ...set, images: pinned } : set
}

/** The part of a receipt that these images need. */
function baseOf(receipt: Receipt, surveys: readonly ToCopy[]): LockBase {
  const needed = new Set<Digest>(
    surveys.flatMap(graphsOf).flatMap(graph => graph.blobs.map(({ digest }) => digest)),
  )
  return {
    receipt: digestOf(formatReceipt(receipt)),
    created: receipt.created,
    blobs: receipt.blobs.filter(({ digest }) => needed.has(digest)),
  }
}

/** The volumes of a bundle that is there and whole, by the hashes in its sidecar. */
async function wholeBundle({ lock }: Draft, options: SaveOptions): Promise<SidecarVolume[] | undefined> {
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
    return same && (await volumeDamage(files)).length === 0 ? [...document.volumes] : undefined
  } catch (error) {
    if (isGpregError(error, 'aborted')) throw error
    return undefined
  }
}

interface Written {
  readonly plan: TransferPlan
  readonly outcome: CopyOutcome
  /** absent where something is missing still */
  readonly volumes?: readonly SidecarVolume[]
}

async function writeArchive(
  { surveys, lock }: Draft,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<Written> {
  const tar = planTar(archiveContents(surveys, lock))
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
  const sidecar = sidecarPath(options.path, false)
  let volumes: SidecarVolume[] = []
  await archive.finish(
    () =>
      removeOld(
        options.path,
        sidecar,
        volumesOf(target, tar.size).map(({ path }) => path),
      ),
    async finished => {
      const files = volumesOf(target, tar.size)
      volumes = finished.map((volume, at) => ({ name: fileName(files[at]!.path), ...volume }))
      await seal(volumes, lock, options)
    },
  )
  return { plan, outcome, volumes }
}

async function writeDirectory(
  { surveys, lock }: Draft,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<Written> {
  const layout = await LayoutStore.open(options.path, context.now(), leftOut(lock))
  const targeted = retarget(surveys, name => ({ store: options.path, repository: layout.repository(name) }))
  const { plan, outcome } = await copyInto(targeted, registries, options, context)
  if (outcome.images.some(({ status }) => status === 'failed')) return { plan, outcome }
  await writeOutputFile(join(options.path, LOCK_NAME), writeLock(lock))
  return { plan, outcome, volumes: await seal([], lock, options) }
}

/** The one engine, into whatever the bundle is. */
async function copyInto(
  surveys: readonly ToCopy[],
  registries: Registries,
  options: SaveOptions,
  context: Context,
  missing?: () => number,
): Promise<{ plan: TransferPlan; outcome: CopyOutcome }> {
  const plan = await lookAtTargets(surveys, context)
  const needed = plan.blobs.reduce((sum, blob) => sum + (isHeld(blob) ? 0 : blob.descriptor.size), 0)
  if (missing === undefined) assertRoom(options.path, { needed, free: await freeSpace(options.path) })
  const outcome = await executePlan(plan, copyOptions(options, registries), context)
  const full = outcome.images.find(({ error }) => error !== undefined && isFull(error))
  if (full === undefined) return { plan, outcome }
  const disk: DiskSpace = { needed: missing?.() ?? needed, free: await freeSpace(options.path) }
  throw new GpregError(
    'storage',
    `the disk of ${options.path} is full: ${Math.max(disk.needed - disk.free, 1)} bytes more are needed`,
    {
      path: options.path,
      cause: full.error,
      hint: 'make room, then run the same command again: what is finished is kept',
    },
  )
}

function isFull(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (['ENOSPC', 'EDQUOT'].includes((at as NodeJS.ErrnoException).code ?? '')) return true
  return false
}

/** Writes the sidecar, and signs it. */
async function seal(
  volumes: readonly SidecarVolume[],
  lock: Lock,
  { path, form, sign, tool }: SaveOptions,
): Promise<readonly SidecarVolume[]> {
  const sidecar = sidecarPath(path, form === 'directory')
  const text = formatSidecar(createSidecar(tool, volumes, lock))
  const signature = signaturePath(sidecar)
  if (sign === undefined) await rm(signature, { force: true })
  else await writeOutputFile(signature, signBytes(Buffer.from(text), sign.pem, sign.path))
  await writeOutputFile(sidecar, text)
  return volumes
}

/** What another bundle left under this name would be taken for a part of this one. */
async function removeOld(path: string, sidecar: string, keep: readonly string[]): Promise<void> {
  const old = await findBundle([sidecar]).catch(() => undefined)
  for (const volume of old?.volumes ?? [])
    if (volume.path !== undefined && !keep.includes(volume.path) && volume.path.startsWith(path))
      await rm(volume.path, { force: true })
  await rm(sidecar, { force: true })
  await rm(signaturePath(sidecar), { force: true })
}

async function startOver(path: string, { emit }: Context): Promise<undefined> {
  const message = `${partialPath(path)} was the beginning of another bundle, and is thrown away`
  emit({ type: 'warning', code: 'bundle-restarted', message, subject: { path } })
  await rm(partialPath(path), { recursive: true })
}

function retarget(surveys: readonly ToCopy[], open: (repository: string) => Place): ToCopy[] {
  return surveys.map(survey => ({
    ...survey,
    item: { ...survey.item, target: open(survey.item.target.repository.name) },
  }))
}

function leftOut({ base }: Lock): ReadonlySet<Digest> {
  return new Set(base?.blobs.map(({ digest }) => digest))
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
