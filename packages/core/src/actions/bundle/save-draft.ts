import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lockBundle } from '../../bundle/bundle-lock.ts'
import { LOCK_NAME } from '../../bundle/files.ts'
import { formatReceipt, type Receipt } from '../../documents/receipt.ts'
import type { Context } from '../../context.ts'
import { digestOf, type Digest, formatReference } from '@gpreg/oci'
import {
  surveyItems,
  graphsOf,
  type Survey,
  type ToCopy,
  formatRelativeName,
  type Registries,
  partialPath,
  EmptyTarget,
} from '@gpreg/oci/engine'
import type { ImageSet, NamedImage } from '../../gitpod/image-set.ts'
import type { SidecarFile } from '../../documents/sidecar.ts'
import { readLock, writeLock, type Lock, type LockBase } from '../../documents/lock.ts'
import { copyItem, placeOf } from '../items.ts'
import { copyOptions, type MirrorOptions } from '../mirror.ts'

export interface SaveOptions extends MirrorOptions {
  /** `NAME.tar`, the base name of volumes, or a directory. */
  readonly path: string
  readonly form: 'directory' | 'archive'
  /** bytes of all volumes but the last; absent for one tar */
  readonly volumeSize?: number
  /** The content of the target; blobs in it are left out of the bundle. */
  readonly since?: Receipt
  /** private key, PEM */
  readonly sign?: { readonly pem: string; readonly path: string }
  /** The program that writes the bundle, e.g. `gpreg 0.1.0`. The sidecar names it. */
  readonly tool: string
  /** Writes a file beside the finished bundle, in the folder of its sidecar, which then lists it. */
  readonly beside?: (directory: string) => Promise<SidecarFile>
}

/** A planned bundle. Nothing of it is written yet, but all digests are known. */
export interface Draft {
  readonly status: 'drafted'
  readonly surveys: readonly ToCopy[]
  readonly lock: Lock
}

/** A bundle that is not started, because images could not be read. */
export interface FailedDraft {
  readonly status: 'failed'
  readonly surveys: readonly Survey[]
}

/** Reads the manifests of all images and plans the bundle. If an image cannot be read, no bundle is started. */
export async function draftBundle(
  set: ImageSet<NamedImage>,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<Draft | FailedDraft> {
  const begun = options.form === 'archive' ? await readBegun(options.path) : undefined
  return draftAfter(begun, set, registries, options, context)
}

/** @param begun the lock of the unfinished bundle at this path */
async function draftAfter(
  begun: Lock | undefined,
  set: ImageSet<NamedImage>,
  registries: Registries,
  options: SaveOptions,
  context: Context,
): Promise<Draft | FailedDraft> {
  const pinned = options.platforms?.length ? set : pinTo(set, begun, options.path, context)
  const nothing = new EmptyTarget(options.path, new Set(options.since?.blobs.map(({ digest }) => digest)))
  const items = pinned.images.map(entry => {
    const { name } = entry
    const to = { store: options.path, repository: nothing.repository(name.repository) }
    return copyItem(entry, placeOf(entry, registries), to, {
      targetName: formatRelativeName(name),
      tag: name.tag,
    })
  })
  const surveys = await surveyItems(items, copyOptions(options, registries), context)
  if (pinned !== set && surveys.some(isGone)) {
    const message = `${partialPath(options.path)} cannot be finished: its source has dropped what the tags stood for, so they are read again`
    context.emit({ type: 'warning', code: 'bundle-restarted', message, subject: { path: options.path } })
    return draftAfter(undefined, set, registries, options, context)
  }
  if (!surveys.every(isToCopy)) return { status: 'failed', surveys }
  const base = options.since && baseOf(options.since, surveys)
  const lockAt = (created: string) => lockBundle(pinned, surveys, new Date(created), base, options.policy)
  const lock = lockAt(set.locked ?? new Date(context.now()).toISOString())
  if (set.locked !== undefined || begun === undefined) return { status: 'drafted', surveys, lock }
  // A bundle that was begun keeps its creation time if its content is still the same.
  const same = lockAt(begun.created)
  return { status: 'drafted', surveys, lock: writeLock(same) === writeLock(begun) ? same : lock }
}

function isToCopy(survey: Survey): survey is ToCopy {
  return survey.status === 'to-copy'
}

function isGone(survey: Survey): boolean {
  return survey.status === 'failed' && survey.error.code === 'not-found'
}

async function readBegun(path: string): Promise<Lock | undefined> {
  try {
    return readLock(await readFile(join(partialPath(path), LOCK_NAME), 'utf8'))
  } catch {
    return undefined
  }
}

/** Pins moving tags to the digests that they had when the unfinished bundle was started, so that it can be finished. */
function pinTo(
  set: ImageSet<NamedImage>,
  begun: Lock | undefined,
  path: string,
  { emit }: Context,
): ImageSet<NamedImage> {
  if (begun === undefined || set.locked !== undefined) return set
  const bySource = new Map(begun.images.map(image => [image.source, image]))
  const pinned = set.images.map(entry => {
    const known = bySource.get(formatReference(entry.source))
    const isExact = entry.locked !== undefined || entry.place !== undefined
    return known === undefined || isExact ? entry : { ...entry, locked: known }
  })
  if (!pinned.every(({ locked, place }) => locked !== undefined || place !== undefined)) return set
  const message = `goes on with ${partialPath(path)}, begun ${begun.created}: tags stand for what they stood for then`
  emit({ type: 'warning', code: 'bundle-resumed', message, subject: { path } })
  return { ...set, images: pinned }
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

/** Blobs that the bundle leaves out, because a receipt says that the target has them. */
export function leftOut({ base }: Lock): ReadonlySet<Digest> {
  return new Set(base?.blobs.map(({ digest }) => digest))
}
