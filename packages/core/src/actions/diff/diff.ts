import type { Digest } from '@gpreg/oci'
import { GpregError } from '@gpreg/oci'
import { formatPrefix, formatRelativeName, type RegistryPrefix, type RelativeName } from '@gpreg/oci/engine'
import { MOVED_FIELDS, type MovedField } from '../../gitpod/moved-fields.ts'
import { collectBundleSet } from '../../gitpod/collect.ts'
import type { MirrorPlan } from '../mirror-plan.ts'
import { pairImages, type Pair } from './pair.ts'
import {
  readSide,
  recogniseSide,
  type Side,
  type SideImage,
  type SideName,
  type SideOptions,
  type SideWorld,
  type SizedBlob,
} from './side.ts'
import { planSide } from './side-plan.ts'

/** The answer of `gpreg diff --json`: the way from the first side to the second. */
export interface Diff {
  readonly kind: 'Diff'
  readonly version: 1
  readonly from: DiffSide
  readonly to: DiffSide
  /** images that differ, sorted by name */
  readonly images: readonly DiffImage[]
  /** fields of the installer configuration that have another place in the second release */
  readonly configuration: readonly { readonly from: string; readonly to: string; readonly since: string }[]
  readonly totals: DiffTotals
  /** the plan of a copy of the second side to `to`; only if that was given */
  readonly target?: { readonly name: string } & MirrorPlan['totals']
}

export type DiffSide = Pick<Side, 'kind' | 'name' | 'release'> & { readonly images: number }

export interface DiffImage {
  /** below the prefix, without tag and digest */
  readonly name: string
  readonly status: 'added' | 'removed' | 'changed'
  readonly from?: DiffedName
  readonly to?: DiffedName
  /** Blobs of the image itself; absent if a side is a receipt, which does not tell them. */
  readonly blobs?: {
    readonly added: readonly SizedBlob[]
    readonly removed: readonly SizedBlob[]
    readonly kept: number
  }
}

export interface DiffedName {
  /** the whole name below the prefix */
  readonly name: string
  readonly source?: string
  readonly digest: Digest
}

export interface DiffTotals {
  readonly images: {
    readonly added: number
    readonly removed: number
    readonly changed: number
    readonly unchanged: number
  }
  /** Blobs of the second side that the first lacks: what `bundle save --since` puts into a bundle. */
  readonly carry: Amount
  /**
   * What an online mirror sends to a target that holds the first side. A mirror looks for a blob only in the repositories that
   * need it, so this is more than `carry` if others hold it. Absent if the first side is a receipt.
   */
  readonly send?: Amount
  /** blobs of the first side that the second no longer needs; absent if the first side is a receipt */
  readonly drop?: Amount
}

export interface Amount {
  readonly blobs: number
  readonly bytes: number
}

export interface DiffOptions extends SideOptions {
  /** path of the lock with the images to compare; needed for two registries */
  readonly lock?: string
  /** a registry that the second side, a release, a lock or a bundle, is also held against */
  readonly to?: RegistryPrefix
}

/**
 * Compares two releases, locks, receipts, bundles or registries. Manifests are read, blobs are not.
 * @throws `usage`, and the error of an image that cannot be read
 */
export async function diffSides(
  names: readonly [string, string],
  { lock, to, ...options }: DiffOptions,
  world: SideWorld,
): Promise<Diff> {
  const [a, b] = [await recogniseSide(names[0]), await recogniseSide(names[1])]
  if (lock !== undefined && ![a, b].some(({ kind }) => kind === 'registry'))
    throw new GpregError('usage', `--lock ${lock} names images of registries, and neither side is one`, {
      hint: 'leave it out, or compare the lock itself: gpreg diff OLD.lock.json NEW.lock.json',
    })
  const fixed = lock === undefined ? undefined : await namesOf(lock, options, world)
  const read = (side: SideName, other?: Side) =>
    readSide(side, fixed ?? other?.images.map(({ name }) => name) ?? [], options, world)
  if (a.kind === 'registry' && b.kind === 'registry' && fixed === undefined)
    throw new GpregError('usage', 'nothing says which images of the two registries are meant', {
      hint: 'name them with --lock FILE',
    })
  const first = a.kind === 'registry' ? undefined : await read(a)
  const second = await read(b, first)
  const diff = compareSides(first ?? (await read(a, second)), second)
  if (to === undefined) return diff
  return { ...diff, target: { name: formatPrefix(to), ...(await planSide(b, to, options, world)).totals } }
}

async function namesOf(lock: string, options: SideOptions, world: SideWorld): Promise<RelativeName[]> {
  const { images } = await collectBundleSet({ lock, ...options }, world)
  return images.map(({ name }) => name)
}

export function compareSides(from: Side, to: Side): Diff {
  const pairs = pairImages(from.images, to.images)
  const images = pairs.flatMap(describePair)
  const count = (status: DiffImage['status']) => images.filter(image => image.status === status).length
  const held = from.held ?? blobsOf(from.images)
  const needed = blobsOf(to.images)
  return {
    kind: 'Diff',
    version: 1,
    from: describeSide(from),
    to: describeSide(to),
    images,
    configuration: movedFields(from.release, to.release),
    totals: {
      images: {
        added: count('added'),
        removed: count('removed'),
        changed: count('changed'),
        unchanged: pairs.length - images.length,
      },
      carry: amountOf(missing(needed.length === 0 ? (to.held ?? []) : needed, held)),
      ...(from.held === undefined ? { send: amountOf(toSend(from.images, to.images)) } : {}),
      ...(from.held === undefined ? { drop: amountOf(missing(held, to.held ?? needed)) } : {}),
    },
  }
}

function describeSide({ kind, name, release, images }: Side): DiffSide {
  return { kind, name, ...(release === undefined ? {} : { release }), images: images.length }
}

function describePair({ before, after }: Pair): DiffImage[] {
  const one = after ?? before
  if (one === undefined || isUnchanged(before, after)) return []
  const status = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const [old, young] = [before?.blobs ?? [], after?.blobs ?? []]
  const areKnown = [before, after].every(image => image === undefined || image.blobs !== undefined)
  return [
    {
      name: one.name.repository,
      status,
      ...(before === undefined ? {} : { from: describeName(before) }),
      ...(after === undefined ? {} : { to: describeName(after) }),
      ...(areKnown
        ? {
            blobs: {
              added: missing(young, old),
              removed: missing(old, young),
              kept: young.length - missing(young, old).length,
            },
          }
        : {}),
    },
  ]
}

/** A name that moved is a change, even if its content is the same: manifests and configurations name it. */
function isUnchanged(before: SideImage | undefined, after: SideImage | undefined): boolean {
  return (
    before !== undefined &&
    after !== undefined &&
    describeName(before).name === describeName(after).name &&
    before.digest === after.digest
  )
}

function describeName({ name, source, digest }: SideImage): DiffedName {
  return { name: formatRelativeName(name), ...(source === undefined ? {} : { source }), digest }
}

/** Blobs that a mirror sends: it passes over names that are up to date, and looks for a blob in the repositories that need it. */
function toSend(from: readonly SideImage[], to: readonly SideImage[]): SizedBlob[] {
  const tags = new Map(from.map(({ name, digest }) => [formatRelativeName(name), digest]))
  const held = new Set(
    from.flatMap(({ name, blobs = [] }) => blobs.map(({ digest }) => `${name.repository} ${digest}`)),
  )
  const stale = to.filter(({ name, digest }) => tags.get(formatRelativeName(name)) !== digest)
  const found = new Set(
    stale.flatMap(({ name, blobs = [] }) =>
      blobs.flatMap(({ digest }) => (held.has(`${name.repository} ${digest}`) ? [digest] : [])),
    ),
  )
  return blobsOf(stale).filter(({ digest }) => !found.has(digest))
}

function blobsOf(images: readonly SideImage[]): SizedBlob[] {
  return [...new Map(images.flatMap(({ blobs = [] }) => blobs.map(blob => [blob.digest, blob]))).values()]
}

function missing(blobs: readonly SizedBlob[], held: readonly SizedBlob[]): SizedBlob[] {
  const known = new Set(held.map(({ digest }) => digest))
  return blobs.filter(({ digest }) => !known.has(digest))
}

function amountOf(blobs: readonly SizedBlob[]): Amount {
  return { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) }
}

/** The fields that moved between two releases; on the way back they move back. */
function movedFields(from: string | undefined, to: string | undefined): Diff['configuration'] {
  if (from === undefined || to === undefined) return []
  const crosses = ({ since }: MovedField) => from < since !== to < since
  return MOVED_FIELDS.filter(crosses).map(field =>
    from < field.since ? field : { from: field.to, to: field.from, since: field.since },
  )
}
