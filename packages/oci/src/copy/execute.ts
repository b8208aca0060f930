import type { Context } from '../context.ts'
import { abortedError, toGpregError, unlessAborted, type GpregError } from '../errors.ts'
import { allSettledOrThrow } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import { tagDigests } from './digest-tag.ts'
import type { ImageGraph } from './survey/graph.ts'
import type { CopyItem, EngineOptions, FailedReferrer } from './survey/item.ts'
import type { ImagePlan, TransferPlan } from './plan.ts'
import { homeOf, type BlobPlan } from './presence.ts'
import { publishImage } from './publish.ts'
import { Publishing } from './publishing.ts'
import { OtherShards } from './shard/other-shards.ts'
import { isOwn } from './shard/share.ts'
import { graphsOf } from './survey/survey.ts'
import type { ReferrerGraph } from './survey/survey-referrers.ts'
import { Transfer, type TransferTotals } from './transfer.ts'

export interface CopiedImage {
  readonly item: CopyItem
  readonly status: 'copied' | 'up-to-date' | 'failed'
  readonly digest?: Digest
  readonly error?: GpregError
  /** Signatures and other referrers that could not be copied with it. */
  readonly failedReferrers?: readonly FailedReferrer[]
  /** Set if the source did not tell all referrers. */
  readonly referrersUnknown?: GpregError
}

export interface CopyOutcome {
  readonly images: readonly CopiedImage[]
  readonly totals: TransferTotals
}

/**
 * Carries a plan out. An image is published as soon as its own blobs are there; one that fails does not stop the others.
 * @throws `aborted`, after all that was started has ended
 */
export async function executePlan(
  plan: TransferPlan,
  options: EngineOptions,
  context: Context,
): Promise<CopyOutcome> {
  const { blobs, shares } = plan
  const others = shares && new OtherShards(blobs, shares, blob => homeOf(blob).repository, context)
  const transfer = new Transfer(options, context, others)
  const publishing = new Publishing(options.concurrency)
  const waiting = imagesByBlob(plan)
  // Images that failed during planning do not ask for blobs. A shard sends its share also for the images of other shards.
  const wanted = blobs.filter(blob => waiting.has(blob) || (shares !== undefined && isOwn(shares, blob)))
  transfer.start(wanted, announcer(waiting, context))

  const { requireReferrers = false } = options
  const copy = async (plan: ImagePlan): Promise<readonly FailedReferrer[]> => {
    const { item, image, needs, failedReferrers } = plan
    const { referrers, failed } = await arrivals(plan, transfer, requireReferrers)
    const refused = await publishing.run(item.target, manifestsOf(plan), async () => {
      const refused = await publishImage({
        repository: item.target.repository,
        image,
        referrers,
        requireReferrers,
        stored: plan.stored,
        isTagged: plan.isUpToDate,
        tag: item.tag,
        call: { signal: context.signal },
        resend: async ({ digest }) => {
          const lost = needs.find(({ blob }) => blob.descriptor.digest === digest)
          if (lost !== undefined) await transfer.resend(lost)
        },
      })
      await transfer.mender?.assertArrived(item.target, manifestsToPut(plan))
      if (plan.wantsDigestTag)
        await tagDigests(item.target.repository, image.manifests, item.targetName, context)
      return refused
    })
    return [...failedReferrers, ...failed, ...refused]
  }

  const images = await allSettledOrThrow(plan.images.map(image => settle(image, copy, options, context)))
  await transfer.settled()
  if (shares !== undefined)
    await warnOfUnsent(
      wanted.filter(blob => !waiting.has(blob)),
      transfer,
      context,
    )
  if (context.signal.aborted) throw abortedError(context.signal.reason)
  return { images, totals: transfer.totals }
}

async function settle(
  image: TransferPlan['images'][number],
  copy: (image: ImagePlan) => Promise<readonly FailedReferrer[]>,
  { unfinished, settled }: EngineOptions,
  context: Context,
): Promise<CopiedImage> {
  const { item } = image
  const names = { image: item.targetName, source: item.sourceName }
  const fail = (error: GpregError): CopiedImage => {
    if (error.code !== 'aborted') context.emit({ type: 'image.failed', ...names, error })
    return {
      item,
      status: 'failed',
      error,
      ...(image.status === 'failed' ? {} : { digest: image.root.digest }),
    }
  }
  if (image.status === 'failed') return fail(image.error)
  const { digest } = image.root
  if (image.status === 'up-to-date') {
    const { referrersUnknown } = image
    if (referrersUnknown === undefined) settled?.settle(item.targetName, image.root)
    context.emit({ type: 'image.up-to-date', ...names, digest })
    return { item, status: 'up-to-date', digest, ...(referrersUnknown && { referrersUnknown }) }
  }
  const { referrersUnknown } = image
  try {
    const failedReferrers = await copy(image)
    for (const { referrer, error } of failedReferrers)
      context.emit({ type: 'referrer.failed', ...names, digest: referrer.descriptor.digest, error })
    const isWhole = failedReferrers.length === 0 && referrersUnknown === undefined
    await (isWhole ? unfinished?.forget(item.targetName) : unfinished?.note(item.targetName))
    if (isWhole) settled?.settle(item.targetName, image.root)
    context.emit({ type: 'image.copied', ...names, digest })
    return {
      item,
      status: 'copied',
      digest,
      ...(failedReferrers.length === 0 ? {} : { failedReferrers }),
      ...(referrersUnknown && { referrersUnknown }),
    }
  } catch (thrown) {
    return fail(toGpregError(thrown).about({ reference: item.targetName }))
  }
}

/**
 * Resolves when the blobs of an image are at the target. The blobs of a referrer may fail: then the referrer is left out.
 * @throws why a blob of the image itself could not be sent
 */
async function arrivals(
  { image, referrers, needs }: ImagePlan,
  transfer: Transfer,
  requireReferrers: boolean,
): Promise<{ readonly referrers: readonly ReferrerGraph[]; readonly failed: readonly FailedReferrer[] }> {
  const places = new Map(needs.map(place => [place.blob.descriptor.digest, place]))
  const arrived = ({ blobs }: ImageGraph) =>
    allSettledOrThrow(blobs.map(({ digest }) => transfer.arrival(places.get(digest)!)))
  await arrived(image)
  const failed: FailedReferrer[] = []
  const whole = await allSettledOrThrow(
    referrers.map(async each => {
      try {
        await arrived(each.graph)
        return [each]
      } catch (thrown) {
        const error = unlessAborted(thrown)
        if (requireReferrers) throw error
        failed.push({ referrer: each.referrer, error })
        return []
      }
    }),
  )
  return { referrers: whole.flat(), failed }
}

/** Says which blobs of a share no image of this shard failed for, although they could not be sent. */
async function warnOfUnsent(
  blobs: readonly BlobPlan[],
  transfer: Transfer,
  { emit }: Context,
): Promise<void> {
  const answers = await Promise.allSettled(blobs.map(blob => transfer.arrival(homeOf(blob))))
  const errors = answers.flatMap(answer =>
    answer.status === 'rejected' ? [toGpregError(answer.reason)] : [],
  )
  const [first] = errors
  if (first === undefined || first.code === 'aborted') return
  const message = `${errors.length} blobs of this share could not be sent, and are left to the shards whose images need them: ${first.message}`
  emit({ type: 'warning', code: 'share-unsent', message, subject: first.subject })
}

/** The manifests of an image and its referrers. */
function manifestsOf(plan: ImagePlan): Descriptor[] {
  return graphsOf(plan).flatMap(({ manifests }) => manifests.map(({ descriptor }) => descriptor))
}

/** The manifests of an image and its referrers that the target did not have. */
function manifestsToPut(plan: ImagePlan): Descriptor[] {
  return manifestsOf(plan).filter(({ digest }) => !plan.stored.has(digest))
}

/** The images that wait for each blob. */
function imagesByBlob({ images }: TransferPlan): ReadonlyMap<BlobPlan, readonly ImagePlan[]> {
  const waiting = new Map<BlobPlan, ImagePlan[]>()
  for (const image of images) {
    if (image.status !== 'to-copy') continue
    for (const { blob } of image.needs) {
      const others = waiting.get(blob)
      if (others === undefined) waiting.set(blob, [image])
      else others.push(image)
    }
  }
  return waiting
}

/** Says that a blob has started; for the first blob of an image, it says first that the image has started. */
function announcer(waiting: ReturnType<typeof imagesByBlob>, context: Context): (blob: BlobPlan) => void {
  const started = new Set<ImagePlan>()
  return blob => {
    const images = waiting.get(blob) ?? []
    for (const image of images) {
      if (started.has(image)) continue
      started.add(image)
      const bytes = image.image.blobs.reduce((sum, { size }) => sum + size, 0)
      context.emit({ type: 'image.started', image: image.item.targetName, bytes })
    }
    const { digest, size } = blob.descriptor
    context.emit({ type: 'blob.started', digest, size, image: images[0]?.item.targetName ?? '' })
  }
}
