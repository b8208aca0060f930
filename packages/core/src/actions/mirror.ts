import type { Context } from '../context.ts'
import type { CopiedImage, CopyOutcome, ErrorCode, Digest } from '@gpreg/oci'
import {
  executePlan,
  type EngineOptions,
  planTransfer,
  type TransferPlan,
  type ToCopy,
  type Registries,
  countRetries,
  isOwn,
  uniqueBlobs,
} from '@gpreg/oci/engine'
import type { ImageSet, Verified } from '../gitpod/image-set.ts'
import type { SignaturePolicy } from '../signatures/rules.ts'
import { recordCopy, type CopyRecord, type ImageBytes } from './copy-record.ts'
import { describeContent, type ImageContent } from './image-content.ts'
import { assertLocked, copyItems, describeError } from './items.ts'

/** How a set is mirrored. The number of transfers at once comes from the registries. */
export interface MirrorOptions extends Omit<EngineOptions, 'concurrency' | 'newRepositories' | 'admit'> {
  /** Who must have signed the images; an image that is not signed so fails, and nothing of it is sent. Default nobody. */
  readonly policy?: SignaturePolicy
}

export interface MirroredImage {
  readonly source: string
  readonly target: string
  /** absent if the source could not be read */
  readonly digest?: Digest
  readonly status: 'copied' | 'up-to-date' | 'failed'
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string }
  /** Set if the source did not tell all signatures and other referrers. The next run looks for them again. */
  readonly referrers?: 'unknown'
  /** Set in the row of a referrer that could not be copied: the target name of the image, which was copied without it. */
  readonly referrerOf?: string
  /** How a copied image came. Only in a run in which the registry was asked to fetch images by itself. */
  readonly via?: 'server-side' | 'line'
  /** Why the registry did not fetch the image. */
  readonly notServerSide?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string }
  /** `host[:port]` or bundle that was read; absent if it is the host in `source` */
  readonly from?: string
  /** the digest that the tag had at the target before */
  readonly replaced?: Digest
  /** why the image is there; absent in the answer of `bundle load`, because the bundle says it */
  readonly origins?: readonly string[]
  /**
   * Absent if the image was up to date, because its content was not looked at. Licence, date and the platform of a single image are
   * known of images that came from a bundle; a mirror reads manifests only.
   */
  readonly content?: ImageContent
  /** Who had signed the image; absent unless signatures were asked for. */
  readonly verified?: Verified
  /** bytes of blobs; a blob that several images share counts for the first of them */
  readonly bytes?: ImageBytes
  /** When the first blob of the image was on its way, ISO 8601; absent if no blob was sent. */
  readonly started?: string
  /** ISO 8601 */
  readonly finished?: string
}

/** What one of several processes did that share a copy. */
export interface ShardTotals {
  /** from 1 */
  readonly index: number
  readonly count: number
  /** bytes of the blobs in the share of this process, whether the target had them or not */
  readonly own: number
  /** bytes of other shares that this process sent, because their shards had stalled */
  readonly takenOver: number
}

/** The answer of `gpreg mirror --json`. */
export interface MirrorResult {
  readonly kind: 'MirrorResult'
  readonly version: 1
  /** the program that copied, e.g. `gpreg 0.1.0`; the command adds it */
  readonly tool?: string
  /** ISO 8601, as `finished`; both are absent in the answers of older versions */
  readonly started?: string
  readonly finished?: string
  /** With a shard: the images that it publishes. */
  readonly images: readonly MirroredImage[]
  readonly totals: {
    readonly images: number
    readonly copied: number
    readonly upToDate: number
    readonly failed: number
    /** Images that the registry fetched by itself, which count as copied. Absent if it was not asked to. */
    readonly serverSide?: number
    readonly blobs: {
      readonly unique: number
      readonly sent: number
      readonly mounted: number
      readonly present: number
    }
    /** bytes of blobs; `sent` counts all bytes that were sent to the target, also those of repeated uploads */
    readonly bytes: {
      readonly unique: number
      readonly sent: number
      readonly mounted: number
      readonly present: number
    }
    readonly requests: { readonly source: number; readonly target: number }
    readonly retries: number
    readonly seconds: number
  }
  /** Set if other processes copy the rest of the set. `unique` counts the whole set. */
  readonly shard?: ShardTotals
}

/**
 * Copies the images of a set to their targets. Failures of single images are in the result; an error that ends the whole copy
 * is thrown.
 * With a shard, other processes must copy the others of the same set. Then all of the set is there when each of them has ended without
 * a failure.
 * @throws `usage`, `aborted`
 */
export async function mirrorImages(
  set: ImageSet,
  registries: Registries,
  options: MirrorOptions,
  context: Context,
): Promise<MirrorResult> {
  if (options.shard !== undefined) assertLocked(set)
  const meter = startMeter(registries, context, options.policy)
  const copying = { digestTags: true, ...copyOptions(options, registries), newRepositories: 'none' } as const
  const items = copyItems(set, registries)
  const plan = await planTransfer(items, copying, meter.context)
  const result = meter.result(plan, await executePlan(plan, copying, meter.context))
  const origins = new Map(items.map(({ targetName }, index) => [targetName, set.images[index]?.origins]))
  return { ...result, images: result.images.map(image => ({ ...image, ...originsOf(image, origins) })) }
}

function originsOf({ target }: MirroredImage, known: ReadonlyMap<string, readonly string[] | undefined>) {
  const origins = known.get(target)
  return origins === undefined ? {} : { origins }
}

/** Measures a copy: requests, retries, times, the bytes and the signer of each image. Counting begins at `startMeter`. */
export interface Meter {
  /** The context that the copy must use, because its retries are counted there. */
  readonly context: Context
  /** @param configs the configs of images that can be read without a request, by digest; default none */
  result(plan: TransferPlan, outcome: CopyOutcome, configs?: Configs): MirrorResult
}

export function startMeter(registries: Registries, context: Context, policy?: SignaturePolicy): Meter {
  const started = context.now()
  const before = registries.traffic()
  const retries = countRetries(context)
  const record = recordCopy(retries.context)
  return {
    context: record.context,
    result(plan, outcome, configs) {
      const traffic = registries.traffic()
      const finished = context.now()
      return {
        kind: 'MirrorResult',
        version: 1,
        started: isoTime(started),
        finished: isoTime(finished),
        images: describeImages(plan, outcome, { record, policy, configs }),
        totals: {
          ...imageTotals(outcome),
          ...contentTotals(plan, outcome),
          requests: {
            source: traffic.requests.source - before.requests.source,
            target: traffic.requests.target - before.requests.target,
          },
          retries: retries.count() + traffic.retries - before.retries,
          seconds: (finished - started) / 1000,
        },
        ...shardTotals(plan, outcome.totals.takenOver),
      }
    },
  }
}

function isoTime(moment: number): string {
  return new Date(moment).toISOString()
}

type Configs = ReadonlyMap<Digest, Uint8Array>

/** What is known of a copy beside its plan and its outcome. */
interface Known {
  readonly record: CopyRecord
  readonly policy: SignaturePolicy | undefined
  readonly configs: Configs | undefined
}

/** A row for each image, and behind it one for each of its referrers that failed. */
function describeImages(
  plan: TransferPlan,
  { images }: CopyOutcome,
  { record, policy, configs }: Known,
): MirroredImage[] {
  const bytes = record.bytes(plan)
  const planned = new Map(plan.images.map(image => [image.item, image]))
  return images.flatMap(image => {
    const { item } = image
    const before = planned.get(item)
    const { started, finished } = record.times(item.targetName)
    const verified = policy?.signerOf(item.sourceName)
    const row: MirroredImage = {
      ...describeImage(image),
      ...(item.source.store === item.sourceName.split('/')[0] ? {} : { from: item.source.store }),
      ...(verified === undefined ? {} : { verified }),
      ...(started === undefined ? {} : { started: isoTime(started) }),
      ...(finished === undefined ? {} : { finished: isoTime(finished) }),
      ...(before?.status === 'to-copy' ? describePlanned(before, bytes.get(before), configs) : {}),
    }
    return [row, ...describeReferrers(image)]
  })
}

function describePlanned(
  { image, referrers, replaced }: ToCopy,
  bytes: ImageBytes | undefined,
  configs: Configs | undefined,
) {
  const attached = referrers.map(({ referrer: { descriptor, tag } }) => ({
    ...descriptor,
    ...(tag === undefined ? {} : { tag }),
  }))
  return {
    ...(replaced === undefined ? {} : { replaced }),
    content: describeContent(image, attached, configs),
    ...(bytes === undefined ? {} : { bytes }),
  }
}

/** A row for each referrer that failed. A referrer has no tag, so its names end in its digest. */
function describeReferrers({ item, failedReferrers = [] }: CopiedImage): MirroredImage[] {
  const named = (image: string, digest: Digest) => `${image.replace(/(:[^/:@]*)?(@.*)?$/, '')}@${digest}`
  return failedReferrers.map(({ referrer: { descriptor }, error }) => ({
    source: named(item.sourceName, descriptor.digest),
    target: named(item.targetName, descriptor.digest),
    digest: descriptor.digest,
    status: 'failed',
    referrerOf: item.targetName,
    error: describeError(error),
  }))
}

function describeImage({ item, status, digest, error, referrersUnknown }: CopiedImage): MirroredImage {
  return {
    source: item.sourceName,
    target: item.targetName,
    ...(digest === undefined ? {} : { digest }),
    status,
    ...(error === undefined ? {} : { error: describeError(error) }),
    ...(referrersUnknown === undefined ? {} : { referrers: 'unknown' }),
  }
}

export function copyOptions({ policy, ...options }: MirrorOptions, registries: Registries): EngineOptions {
  const { concurrency } = registries
  return { ...options, concurrency, ...(policy === undefined ? {} : { admit: policy.admit }) }
}

function imageTotals({ images }: CopyOutcome) {
  const count = (status: string) => images.filter(image => image.status === status).length
  return {
    images: images.length,
    copied: count('copied'),
    upToDate: count('up-to-date'),
    failed:
      count('failed') + images.reduce((sum, { failedReferrers = [] }) => sum + failedReferrers.length, 0),
  }
}

export function shardTotals(
  { blobs, shares }: TransferPlan,
  takenOver: number,
): { readonly shard?: ShardTotals } {
  if (shares === undefined) return {}
  const { index, count } = shares.shard
  const own = blobs.reduce((sum, blob) => sum + (isOwn(shares, blob) ? blob.descriptor.size : 0), 0)
  return { shard: { index, count, own, takenOver } }
}

function contentTotals(plan: TransferPlan, { totals }: CopyOutcome) {
  const { bytes, takenOver: _, ...counts } = totals
  const unique = uniqueBlobs(plan)
  const uniqueBytes = unique.reduce((sum, { descriptor }) => sum + descriptor.size, 0)
  return { blobs: { unique: unique.length, ...counts }, bytes: { unique: uniqueBytes, ...bytes } }
}
