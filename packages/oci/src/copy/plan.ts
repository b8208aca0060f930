import type { Context } from '../context.ts'
import { isRefusal, unlessAborted, type GpregError } from '../errors.ts'
import { allSettledOrThrow, Limiter, mapLimited } from '../limiter.ts'
import { bySize, type Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { ManifestNode } from '../model/manifest.ts'
import { once } from '../once.ts'
import { isEmptinessProbe } from '../store/capabilities.ts'
import type { Call } from '../store/content.ts'
import { DeepCheck, isSymptom } from './repair/deep-check.ts'
import { hasDigestTag } from './digest-tag.ts'
import {
  cachingReader,
  readManifest,
  readNamed,
  resolveNamed,
  withoutBytes,
} from '../store/manifest-reader.ts'
import type { CopyItem, EngineOptions } from './survey/item.ts'
import { isAtTarget, Presence, type BlobDestination, type BlobPlan } from './presence.ts'
import { hasLeftovers } from './leftovers.ts'
import { isOwn, shareBlobs, shareImages, type Shares } from './shard/share.ts'
import { blobsOf, graphsOf, surveyItem, type Settled, type Survey, type ToCopy } from './survey/survey.ts'
import { hasReferrers } from './survey/survey-referrers.ts'

/** Small requests in parallel. They are limited by latency, not by bandwidth. */
const LOOKS_AT_ONCE = 16

/** A target is taken for empty after this many of its names were missing and none was found. */
const LIKELY_EMPTY = 8

/** An image to copy, with the target repositories of all its blobs. */
export interface ImagePlan extends ToCopy {
  readonly needs: readonly BlobDestination[]
  /** Manifests that the target is known to have, so that they are not sent again. */
  readonly stored: ReadonlySet<Digest>
}

/** A comparison of the image set with its targets: content that is present, can be mounted, or must be sent. */
export interface TransferPlan {
  readonly images: readonly (ImagePlan | Settled)[]
  /** largest first; with shards, the blobs of all images of the set */
  readonly blobs: readonly BlobPlan[]
  /** Set if several processes share the copy. Then `images` are those that this one publishes. */
  readonly shares?: Shares<BlobPlan>
}

/** Compares the whole set with its targets before anything is sent, so that each unique blob is transferred once. */
export async function planTransfer(
  items: readonly CopyItem[],
  options: EngineOptions,
  context: Context,
): Promise<TransferPlan> {
  return probeTargets(await surveyItems(items, options, context), context, options)
}

/** Reads every name on both sides. The blobs of the targets are not looked at yet. */
export async function surveyItems(
  items: readonly CopyItem[],
  options: EngineOptions,
  context: Context,
): Promise<Survey[]> {
  context.emit({ type: 'plan.started', images: items.length })
  options.settled?.begin()
  const call = { signal: context.signal }
  const offers = new Map<string, Promise<Descriptor | ManifestNode>>()
  const emptiness = new Map<string, Promise<boolean>>()
  const asksAll = (options.newRepositories ?? 'all') === 'all'
  const isNewRepository = async ({ target: { store, repository } }: CopyItem) => {
    if (asksAll || !isEmptinessProbe(repository)) return false
    return once(emptiness, `${store}/${repository.name}`, () => repository.isEmpty(call))
  }
  let [found, lacking] = [0, 0]
  const kept = options.describeOnly ? withoutBytes : <T>(read: T) => read
  const shared = {
    options,
    context,
    read: cachingReader(async (...asked) => kept(await readManifest(...asked))),
    offer: ({ source, reference }: CopyItem, whole: boolean) => {
      const { store, repository } = source
      return once(offers, `${store}/${repository.name} ${reference}`, () =>
        whole ? readNamed(repository, reference, call).then(kept) : resolveNamed(repository, reference, call),
      )
    },
    held: async (item: CopyItem) => {
      // A manifest without its tag may lack content below it, so only a tag counts.
      if (item.tag === undefined) return undefined
      // A new repository has no tags, and one request tells whether it is new.
      if (found === 0 && lacking >= LIKELY_EMPTY && (await isNewRepository(item))) return undefined
      const { tag } = item
      const held = await unlessRefused(() => item.target.repository.resolve(tag, call), options.deep)
      if (held === undefined) lacking++
      else found++
      return held
    },
    isNewRepository,
  }
  const surveys = await mapLimited(items, LOOKS_AT_ONCE, async item => {
    const survey = await surveyItem(item, shared)
    context.emit({ type: 'plan.image', image: item.targetName, upToDate: survey.status === 'up-to-date' })
    return survey
  })
  if (options.shard === undefined || !surveys.some(isToCopy)) return surveys
  // The blobs of all images are shared out, so those that are up to date are read, too, as a repair does.
  const reading = { ...shared, options: { ...options, repair: true } }
  return mapLimited(surveys, LOOKS_AT_ONCE, async survey => {
    if (survey.status !== 'up-to-date') return survey
    const read = await surveyItem(survey.item, reading)
    return read.status === 'failed' ? survey : read
  })
}

/**
 * Asks the targets which blobs of the surveyed images they have. With `deep`, what they have is read back. With `shard`, only the
 * images of this shard are asked about.
 */
export async function probeTargets(
  surveys: readonly Survey[],
  context: Context,
  { deep = false, shard, newRepositories }: Pick<EngineOptions, 'deep' | 'shard' | 'newRepositories'> = {},
): Promise<TransferPlan> {
  const call = { signal: context.signal }
  const check = deep ? new DeepCheck(call) : undefined
  const presence = new Presence(new Limiter(LOOKS_AT_ONCE), call, check)
  const isPublished = shareImages(
    surveys.map(({ item }) => item),
    shard,
  )
  const asksAll = newRepositories === 'sample' && (await hasLeftovers(surveys.filter(isToCopy), presence))
  const look = (survey: ToCopy) =>
    lookAtTarget(asksAll ? { ...survey, isNewRepository: false } : survey, presence, call, check)
  // In the order of the set: thus all shards make the same repository the home of a blob.
  const images = await mapLimited(surveys, LOOKS_AT_ONCE, async survey => {
    if (isPublished(survey.item)) return isToCopy(survey) ? [await look(survey)] : [survey]
    if (isToCopy(survey)) presence.note(survey.item, blobsOf(survey))
    return []
  })
  const blobs = presence.blobs().sort((a, b) => bySize(a.descriptor, b.descriptor))
  const shares = shard && shareBlobs(blobs, shard)
  const plan = { images: images.flat(), blobs, ...(shares && { shares }) }
  const toSend = blobs.filter(blob => isOwn(shares, blob) && !isAtTarget(blob))
  const bytes = toSend.reduce((sum, { descriptor }) => sum + descriptor.size, 0)
  const toCopy = plan.images.filter(isToCopy).length
  context.emit({ type: 'plan.done', images: toCopy, blobs: blobs.length, bytes })
  return plan
}

function isToCopy<T extends { readonly status: string }>(
  image: T,
): image is Extract<T, { readonly status: 'to-copy' }> {
  return image.status === 'to-copy'
}

/** Asks the target for the blobs of one image. The image fails if its repository cannot be asked. */
async function lookAtTarget(
  survey: ToCopy,
  presence: Presence,
  call: Call,
  check: DeepCheck | undefined,
): Promise<ImagePlan | Settled> {
  const { item, root, isNewRepository } = survey
  try {
    const needs = await presence.look(item, blobsOf(survey), isNewRepository)
    const mayBeThere = item.tag === undefined || survey.isUpToDate
    const stored = mayBeThere ? await storedManifests(survey, call, check) : NONE
    const plan = { ...survey, needs, stored }
    return mayBeThere && (await isWhole(plan, call)) ? { item, status: 'up-to-date', root } : plan
  } catch (thrown) {
    const error = unlessAborted(thrown)
    return { item, status: 'failed', error: error.about({ reference: item.targetName }) }
  }
}

const NONE: ReadonlySet<Digest> = new Set()

/** Whether the target has all of an image: blobs, manifests, referrers with their tags, and a tag if its name is a digest. */
async function isWhole(plan: ImagePlan, call: Call): Promise<boolean> {
  const { item, root, needs, stored, wantsDigestTag } = plan
  if (!needs.every(({ present }) => present)) return false
  if (!manifestsOf(plan).every(digest => stored.has(digest))) return false
  if (!(await hasReferrers(item, plan, call))) return false
  if (!wantsDigestTag) return true
  return (await unlessRefused(() => hasDigestTag(item.target.repository, root.digest, call))) ?? true
}

function manifestsOf(survey: ToCopy): readonly Digest[] {
  return graphsOf(survey).flatMap(graph => graph.manifests.map(({ descriptor }) => descriptor.digest))
}

/** The manifests of an image that the target has. Without a tag, or with one to repair, each is asked for. */
async function storedManifests(
  survey: ToCopy,
  call: Call,
  check: DeepCheck | undefined,
): Promise<ReadonlySet<Digest>> {
  const { target } = survey.item
  const isThere = (descriptor: Descriptor) =>
    check === undefined ? target.repository.exists(descriptor, call) : check.isRight(target, descriptor)
  const stored = new Set<Digest>()
  await allSettledOrThrow(
    graphsOf(survey)
      .flatMap(graph => graph.manifests)
      .map(async ({ descriptor }) => {
        if (await unlessRefused(() => isThere(descriptor))) stored.add(descriptor.digest)
      }),
  )
  return stored
}

/**
 * What a target answers; undefined if it does not have the content or refuses to tell. Some registries answer 401 or 403 for a
 * repository that is not there yet, and a push finds out.
 */
async function unlessRefused<T>(ask: () => Promise<T>, deep = false): Promise<T | undefined> {
  try {
    return await ask()
  } catch (thrown) {
    const error = unlessAborted(thrown)
    if (isRefusal(error) || error.code === 'not-found' || isUnusable(error)) return undefined
    // What cannot be read is put again, and read back.
    if (deep && isSymptom(error)) return undefined
    throw error
  }
}

/** The target has something under the name that is no image manifest. It is replaced. */
function isUnusable({ code }: GpregError): boolean {
  return code === 'manifest-invalid' || code === 'manifest-unsupported'
}

/** The blobs of a plan, each digest once. The same blob in several target stores is next to itself. */
export function uniqueBlobs({ blobs }: TransferPlan): BlobPlan[] {
  return blobs.filter(({ descriptor }, index) => descriptor.digest !== blobs[index - 1]?.descriptor.digest)
}
