import type { Context } from '../context.ts'
import type { CopiedImage, CopyOutcome, ErrorCode, Digest } from '@gpreg/oci'
import {
  executePlan,
  type EngineOptions,
  planTransfer,
  type TransferPlan,
  type Registries,
  countRetries,
} from '@gpreg/oci/engine'
import type { ImageSet } from '../gitpod/image-set.ts'
import type { SignaturePolicy } from '../signatures/policy.ts'
import { copyItems, describeError } from './items.ts'

/** How a set is mirrored. The number of transfers at once comes from the registries. */
export interface MirrorOptions extends Omit<EngineOptions, 'concurrency' | 'skipExistenceChecks' | 'admit'> {
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
}

/** The answer of `gpreg mirror --json`. */
export interface MirrorResult {
  readonly kind: 'MirrorResult'
  readonly version: 1
  readonly images: readonly MirroredImage[]
  readonly totals: {
    readonly images: number
    readonly copied: number
    readonly upToDate: number
    readonly failed: number
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
}

/**
 * Copies the images of a set to their targets. Failures of single images are in the result; an error that ends the whole copy
 * is thrown.
 * @throws `usage`, `aborted`
 */
export async function mirrorImages(
  set: ImageSet,
  registries: Registries,
  options: MirrorOptions,
  context: Context,
): Promise<MirrorResult> {
  const meter = startMeter(registries, context)
  const copying = { digestTags: true, ...copyOptions(options, registries), skipExistenceChecks: true }
  const plan = await planTransfer(copyItems(set, registries), copying, meter.context)
  return meter.result(plan, await executePlan(plan, copying, meter.context))
}

/** Counts the requests, retries and seconds of a copy. Counting begins at `startMeter`. */
export interface Meter {
  /** The context that the copy must use, because its retries are counted there. */
  readonly context: Context
  result(plan: TransferPlan, outcome: CopyOutcome): MirrorResult
}

export function startMeter(registries: Registries, context: Context): Meter {
  const started = context.now()
  const before = registries.traffic()
  const retries = countRetries(context)
  return {
    context: retries.context,
    result(plan, outcome) {
      const traffic = registries.traffic()
      return {
        kind: 'MirrorResult',
        version: 1,
        images: outcome.images.flatMap(image => [describeImage(image), ...describeReferrers(image)]),
        totals: {
          ...imageTotals(outcome),
          ...contentTotals(plan, outcome),
          requests: {
            source: traffic.requests.source - before.requests.source,
            target: traffic.requests.target - before.requests.target,
          },
          retries: retries.count() + traffic.retries - before.retries,
          seconds: (context.now() - started) / 1000,
        },
      }
    },
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

function contentTotals({ blobs }: TransferPlan, { totals }: CopyOutcome) {
  const { bytes, ...counts } = totals
  const unique = new Map(blobs.map(({ descriptor }) => [descriptor.digest, descriptor.size]))
  const uniqueBytes = [...unique.values()].reduce((sum, size) => sum + size, 0)
  return { blobs: { unique: unique.size, ...counts }, bytes: { unique: uniqueBytes, ...bytes } }
}
