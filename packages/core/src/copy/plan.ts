import type { Context } from '../context.ts'
import { unlessAborted } from '../errors.ts'
import { allSettledOrThrow, Limiter, mapLimited } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Call } from '../store/content.ts'
import { cachingReader, type ImageGraph } from './graph.ts'
import type { CopyItem, CopyOptions } from './item.ts'
import { isHeld, Presence, type BlobPlan } from './presence.ts'
import { surveyItem, type Survey } from './survey.ts'

/** Small requests at once. They wait for the other side, not for the line. */
const LOOKS_AT_ONCE = 16

/** The image set held against its targets: what is there, what can be mounted, what must be sent. */
export interface TransferPlan {
  readonly images: readonly Survey[]
  /** largest first */
  readonly blobs: readonly BlobPlan[]
}

/** Looks at everything before anything is sent, so that each unique blob crosses the line once. */
export async function planTransfer(
  items: readonly CopyItem[],
  options: CopyOptions,
  context: Context,
): Promise<TransferPlan> {
  return lookAtTargets(await surveyItems(items, options, context), context)
}

/** What is known of every name before its target's blobs are looked at. */
export async function surveyItems(
  items: readonly CopyItem[],
  options: CopyOptions,
  context: Context,
): Promise<Survey[]> {
  context.emit({ type: 'plan.started', images: items.length })
  const resolved = new Map<string, Promise<Descriptor>>()
  const surveyor = {
    options,
    context,
    read: cachingReader(),
    resolve: ({ source, reference }: CopyItem) => {
      const key = `${source.store}/${source.repository.name} ${reference}`
      const pending = resolved.get(key) ?? source.repository.resolve(reference, { signal: context.signal })
      resolved.set(key, pending)
      return pending
    },
  }
  return mapLimited(items, new Limiter(LOOKS_AT_ONCE), async item => {
    const survey = await surveyItem(item, surveyor)
    context.emit({ type: 'plan.image', image: item.targetName, upToDate: survey.status === 'up-to-date' })
    return survey
  })
}

/** Holds what was surveyed against what the targets have. */
export async function lookAtTargets(surveys: readonly Survey[], context: Context): Promise<TransferPlan> {
  const call = { signal: context.signal }
  const presence = new Presence(new Limiter(LOOKS_AT_ONCE), call)
  const images = await allSettledOrThrow(surveys.map(survey => lookAtTarget(survey, presence, call)))
  const plan = { images, blobs: presence.blobs().sort(bySize) }
  const bytes = plan.blobs.reduce((sum, blob) => sum + (isHeld(blob) ? 0 : blob.descriptor.size), 0)
  const toCopy = images.filter(({ status }) => status === 'to-copy').length
  context.emit({ type: 'plan.done', images: toCopy, blobs: plan.blobs.length, bytes })
  return plan
}

/** Every graph of an image that is to be copied: its own, then those of its referrers. */
export function graphsOf(survey: Survey): readonly ImageGraph[] {
  return survey.status === 'to-copy' ? [survey.image, ...survey.referrers.map(({ graph }) => graph)] : []
}

/** Adds what the target has to what is known of an image. One whose repository cannot be asked has failed. */
async function lookAtTarget(survey: Survey, presence: Presence, call: Call): Promise<Survey> {
  if (survey.status !== 'to-copy') return survey
  const { item } = survey
  try {
    const blobs = graphsOf(survey).flatMap(graph => graph.blobs)
    const looks = await Promise.allSettled(blobs.map(blob => presence.look(item, blob)))
    const there = looks.map(look => {
      if (look.status === 'rejected') throw look.reason
      return look.value
    })
    const whole = item.tag === undefined && there.every(Boolean) && (await hasManifests(survey, call))
    return whole ? { item, status: 'up-to-date', root: survey.root } : survey
  } catch (thrown) {
    const error = unlessAborted(thrown)
    return { item, status: 'failed', error: error.about({ reference: item.targetName }) }
  }
}

/** For a name without a tag, nothing but everything below it says that it is whole. */
async function hasManifests(survey: Survey, call: Call): Promise<boolean> {
  const { repository } = survey.item.target
  const manifests = graphsOf(survey).flatMap(graph => graph.manifests)
  const there = await allSettledOrThrow(
    manifests.map(({ descriptor }) => repository.exists(descriptor, call)),
  )
  return there.every(Boolean)
}

function bySize(a: BlobPlan, b: BlobPlan): number {
  return b.descriptor.size - a.descriptor.size || (a.descriptor.digest < b.descriptor.digest ? -1 : 1)
}
