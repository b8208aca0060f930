import type { Context } from '../context.ts'
import type { ErrorCode, Digest } from '@gpreg/oci'
import {
  planTransfer,
  type TransferPlan,
  homeOf,
  isAtTarget,
  isOwn,
  type BlobDestination,
  graphsOf,
  uniqueBlobs,
  type Registries,
} from '@gpreg/oci/engine'
import type { DiskSpace } from '../bundle/disk.ts'
import type { ImageSet } from '../gitpod/image-set.ts'
import { assertLocked, copyItems, describeError } from './items.ts'
import { copyOptions, shardTotals, type MirrorOptions, type ShardTotals } from './mirror.ts'

/** Counts of blobs, or their bytes: to send, to mount from another repository of the target, or present already. */
export interface TransferAmounts {
  readonly send: number
  readonly mount: number
  readonly present: number
}

/** One image of the plan. Amounts are bytes. A blob that several images share is sent with the first of them. */
export interface PlannedImage extends TransferAmounts {
  readonly source: string
  readonly target: string
  readonly digest?: Digest
  readonly status: 'to-copy' | 'up-to-date' | 'failed'
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string }
}

/** The answer of `gpreg mirror --dry-run --json`. */
export interface MirrorPlan {
  readonly kind: 'MirrorPlan'
  readonly version: 1
  readonly images: readonly PlannedImage[]
  readonly totals: {
    readonly images: number
    readonly toCopy: number
    readonly upToDate: number
    readonly failed: number
    readonly blobs: { readonly unique: number } & TransferAmounts
    readonly bytes: { readonly unique: number } & TransferAmounts
  }
  /** Set if other processes copy the rest of the set. */
  readonly shard?: ShardTotals
  /** bytes on disk; absent if nothing is written to a disk */
  readonly disk?: DiskSpace
  /** Manifest reads, which Docker Hub counts as pulls; absent if no image is on Docker Hub. `pullsLeft` is null if unknown. */
  readonly dockerHub?: { readonly pullsNeeded: number; readonly pullsLeft: number | null }
}

/** Plans mirrorImages. Nothing is written. */
export async function planMirror(
  set: ImageSet,
  registries: Registries,
  options: MirrorOptions,
  context: Context,
): Promise<MirrorPlan> {
  if (options.shard !== undefined) assertLocked(set)
  // What other shards have sent is no sign of an interruption.
  const newRepositories = options.shard === undefined ? 'sample' : 'all'
  const plan = await planTransfer(
    copyItems(set, registries),
    { digestTags: true, ...copyOptions(options, registries), newRepositories, describeOnly: true },
    context,
  )
  return { ...describePlan(plan), ...dockerHub(plan, registries) }
}

export function describePlan(plan: TransferPlan): MirrorPlan {
  const images = planRows(plan)
  const count = (status: string) => images.filter(image => image.status === status).length
  return {
    kind: 'MirrorPlan',
    version: 1,
    images,
    totals: {
      images: images.length,
      toCopy: count('to-copy'),
      upToDate: count('up-to-date'),
      failed: count('failed'),
      ...contentTotals(plan),
    },
    ...shardTotals(plan, 0),
  }
}

function planRows({ images, shares }: TransferPlan): PlannedImage[] {
  const claimed = new Set<BlobDestination>()
  return images.map(image => {
    const { item, status } = image
    const amounts = { send: 0, mount: 0, present: 0 }
    for (const place of image.status === 'to-copy' ? image.needs : []) {
      const kind = fate(place, shares)
      if (kind === undefined || claimed.has(place)) continue
      amounts[kind] += place.blob.descriptor.size
      claimed.add(place)
    }
    return {
      source: item.sourceName,
      target: item.targetName,
      ...(image.status === 'failed' ? { error: describeError(image.error) } : { digest: image.root.digest }),
      status,
      ...amounts,
    }
  })
}

/**
 * The treatment of a blob in one repository: its home is sent the blob, the others mount it. Undefined if another shard sends it
 * there.
 */
function fate(place: BlobDestination, shares: TransferPlan['shares']): keyof TransferAmounts | undefined {
  const { blob, present } = place
  if (present) return 'present'
  const isSent = isAtTarget(blob) ? place === blob.home : place === homeOf(blob)
  if (isSent && !isOwn(shares, blob)) return undefined
  return isAtTarget(blob) || !isSent ? 'mount' : 'send'
}

function contentTotals(plan: TransferPlan) {
  const counts = { unique: 0, send: 0, mount: 0, present: 0 }
  const bytes = { unique: 0, send: 0, mount: 0, present: 0 }
  const count = (kind: keyof typeof counts | undefined, size: number) => {
    if (kind === undefined) return
    counts[kind]++
    bytes[kind] += size
  }
  for (const { descriptor } of uniqueBlobs(plan)) count('unique', descriptor.size)
  for (const { descriptor, home, places } of plan.blobs) {
    if (home !== undefined && !places.includes(home)) count(fate(home, plan.shares), descriptor.size)
    for (const place of places) count(fate(place, plan.shares), descriptor.size)
  }
  return { blobs: counts, bytes }
}

export function dockerHub({ images }: TransferPlan, registries: Registries): Pick<MirrorPlan, 'dockerHub'> {
  const fromHub = images.filter(({ item }) => item.source.store === 'docker.io')
  if (fromHub.length === 0) return {}
  let pullsNeeded = 0
  for (const image of fromHub)
    if (image.status === 'to-copy')
      for (const { manifests } of graphsOf(image)) pullsNeeded += manifests.length
  return { dockerHub: { pullsNeeded, pullsLeft: registries.pullsLeft() } }
}
