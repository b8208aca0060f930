import type { Context } from '../context.ts'
import { isGpregError, unlessAborted } from '../errors.ts'
import { allSettledOrThrow, Limiter, mapLimited } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { ManifestNode } from '../model/manifest.ts'
import { once } from '../once.ts'
import { isEmptinessProbe } from '../store/capabilities.ts'
import type { Call, Repository } from '../store/content.ts'
import { cachingReader, readNamed } from './graph.ts'
import type { CopyItem, CopyOptions } from './item.ts'
import { isHeld, Presence, type BlobPlace, type BlobPlan } from './presence.ts'
import { graphsOf, surveyItem, type Settled, type Survey, type ToCopy } from './survey.ts'

/** Small requests at once. They wait for the other side, not for the line. */
const LOOKS_AT_ONCE = 16

/** After so many names that targets lack, and none that they have, they are likely to be empty. */
const LIKELY_EMPTY = 8

/** An image that is to be copied, with the places of all its blobs. */
export interface ImagePlan extends ToCopy {
  readonly needs: readonly BlobPlace[]
}

/** The image set held against its targets: what is there, what can be mounted, what must be sent. */
export interface TransferPlan {
  readonly images: readonly (ImagePlan | Settled)[]
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
  const call = { signal: context.signal }
  const offers = new Map<string, Promise<Descriptor | ManifestNode>>()
  const novelties = new Map<string, Promise<boolean>>()
  const isNew = async ({ target: { store, repository } }: CopyItem) => {
    if (options.unasked !== true || !isEmptinessProbe(repository)) return false
    return once(novelties, `${store}/${repository.name}`, () => repository.isEmpty(call))
  }
  let [found, lacking] = [0, 0]
  const surveyor = {
    options,
    context,
    read: cachingReader(),
    offer: ({ source, reference }: CopyItem, whole: boolean) => {
      const { store, repository } = source
      return once(offers, `${store}/${repository.name} ${reference}`, () =>
        whole ? readNamed(repository, reference, call) : repository.resolve(reference, call),
      )
    },
    held: async (item: CopyItem) => {
      // A digest without its tag proves nothing: what is below it may be missing.
      if (item.tag === undefined) return undefined
      // There is no name in a repository that is new, and whether it is would be asked next anyway.
      if (found === 0 && lacking >= LIKELY_EMPTY && (await isNew(item))) return undefined
      const held = await resolve(item.target.repository, item.tag, call)
      if (held === undefined) lacking++
      else found++
      return held
    },
    isNew,
  }
  return mapLimited(items, LOOKS_AT_ONCE, async item => {
    const survey = await surveyItem(item, surveyor)
    context.emit({ type: 'plan.image', image: item.targetName, upToDate: survey.status === 'up-to-date' })
    return survey
  })
}

/** Holds what was surveyed against what the targets have. */
export async function lookAtTargets(surveys: readonly Survey[], context: Context): Promise<TransferPlan> {
  const call = { signal: context.signal }
  const presence = new Presence(new Limiter(LOOKS_AT_ONCE), call)
  const images = await mapLimited(surveys, LOOKS_AT_ONCE, async survey =>
    survey.status === 'to-copy' ? lookAtTarget(survey, presence, call) : survey,
  )
  const plan = { images, blobs: presence.blobs().sort(bySize) }
  const bytes = plan.blobs.reduce((sum, blob) => sum + (isHeld(blob) ? 0 : blob.descriptor.size), 0)
  const toCopy = images.filter(({ status }) => status === 'to-copy').length
  context.emit({ type: 'plan.done', images: toCopy, blobs: plan.blobs.length, bytes })
  return plan
}

/** Adds what the target has to what is known of an image. One whose repository cannot be asked has failed. */
async function lookAtTarget(survey: ToCopy, presence: Presence, call: Call): Promise<ImagePlan | Settled> {
  const { item, root, isNew } = survey
  try {
    const needs = await presence.look(
      item,
      graphsOf(survey).flatMap(graph => graph.blobs),
      isNew,
    )
    const there = item.tag === undefined && needs.every(({ present }) => present)
    if (there && (await hasManifests(survey, call))) return { item, status: 'up-to-date', root }
    return { ...survey, needs }
  } catch (thrown) {
    const error = unlessAborted(thrown)
    return { item, status: 'failed', error: error.about({ reference: item.targetName }) }
  }
}

/** For a name without a tag, nothing but everything below it says that it is whole. */
async function hasManifests(survey: ToCopy, call: Call): Promise<boolean> {
  const { repository } = survey.item.target
  const manifests = graphsOf(survey).flatMap(graph => graph.manifests)
  const there = await allSettledOrThrow(
    manifests.map(({ descriptor }) => repository.exists(descriptor, call)),
  )
  return there.every(Boolean)
}

/** What the tag stands for, if it is there. */
async function resolve(repository: Repository, tag: string, call: Call): Promise<Descriptor | undefined> {
  try {
    return await repository.resolve(tag, call)
  } catch (error) {
    if (isGpregError(error, 'not-found')) return undefined
    throw error
  }
}

function bySize(a: BlobPlan, b: BlobPlan): number {
  return b.descriptor.size - a.descriptor.size || (a.descriptor.digest < b.descriptor.digest ? -1 : 1)
}
