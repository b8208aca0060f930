import type { Context } from '../context.ts'
import { toGpregError } from '../errors.ts'
import { Limiter, mapLimited } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { ReadableRepository, Repository } from '../store/content.ts'
import { cachingReader, type ImageGraph } from './graph.ts'
import type { CopyItem, CopyOptions, Place } from './item.ts'
import { surveyItem, type Survey } from './survey.ts'

/** Small requests at once. They wait for the other side, not for the line. */
const LOOKS_AT_ONCE = 16

/** One blob, every repository of one store that needs it, and where it can come from. */
export interface BlobPlan {
  readonly descriptor: Descriptor
  readonly store: string
  readonly sources: Place<ReadableRepository>[]
  /** by repository name; what is deduplicated is keyed by store, repository and digest, or the second never gets its link */
  readonly places: Map<string, { readonly repository: Repository; present: boolean }>
}

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
  context.emit({ type: 'plan.started', images: items.length })
  const limiter = new Limiter(LOOKS_AT_ONCE)
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
  const surveys = await mapLimited(items, limiter, async item => {
    const survey = await surveyItem(item, surveyor)
    context.emit({ type: 'plan.image', image: item.targetName, upToDate: survey.status === 'up-to-date' })
    return survey
  })
  const { images, blobs } = await lookForBlobs(surveys, limiter, context)
  const plan = { images, blobs: [...blobs].sort(bySize) }
  const bytes = plan.blobs.reduce((sum, blob) => sum + (isHeld(blob) ? 0 : blob.descriptor.size), 0)
  const toCopy = images.filter(({ status }) => status === 'to-copy').length
  context.emit({ type: 'plan.done', images: toCopy, blobs: plan.blobs.length, bytes })
  return plan
}

/** Whether any repository of the store has it, so that none of its bytes need cross the line. */
export function isHeld({ places }: BlobPlan): boolean {
  return [...places.values()].some(({ present }) => present)
}

/** Every graph of an image that is to be copied: its own, then those of its referrers. */
export function graphsOf(survey: Survey): readonly ImageGraph[] {
  return survey.status === 'to-copy' ? [survey.image, ...survey.referrers.map(({ graph }) => graph)] : []
}

/** `store digest`: blobs are planned for each target store apart. */
export function blobKey(store: string, digest: Digest): string {
  return `${store} ${digest}`
}

/** Asks every repository for every blob that it will need. An image whose repository cannot be asked has failed. */
async function lookForBlobs(surveys: readonly Survey[], limiter: Limiter, context: Context) {
  const blobs = new Map<string, BlobPlan>()
  const asked = new Map<string, Promise<void>>()
  const images = await Promise.all(
    surveys.map(async (survey): Promise<Survey> => {
      const { item } = survey
      const looks = graphsOf(survey).flatMap(graph => graph.blobs.map(descriptor => look(item, descriptor)))
      const failure = (await Promise.allSettled(looks)).find(result => result.status === 'rejected')
      if (failure === undefined) return survey
      const error = toGpregError(failure.reason)
      if (error.code === 'aborted') throw error
      return { item, status: 'failed', error: error.about({ reference: item.targetName }) }
    }),
  )
  return { images, blobs: blobs.values() }

  function look({ source, target }: CopyItem, descriptor: Descriptor): Promise<void> {
    const key = blobKey(target.store, descriptor.digest)
    const blob: BlobPlan = blobs.get(key) ?? {
      descriptor,
      store: target.store,
      sources: [],
      places: new Map(),
    }
    blobs.set(key, blob)
    if (
      !blob.sources.some(
        ({ store, repository }) => store === source.store && repository.name === source.repository.name,
      )
    )
      blob.sources.push(source)
    const placeKey = `${key} ${target.repository.name}`
    const known = asked.get(placeKey)
    if (known !== undefined) return known
    const place = { repository: target.repository, present: false }
    blob.places.set(target.repository.name, place)
    const pending = limiter.run(async () => {
      place.present = await target.repository.exists(descriptor, { signal: context.signal })
    })
    asked.set(placeKey, pending)
    return pending
  }
}

function bySize(a: BlobPlan, b: BlobPlan): number {
  return b.descriptor.size - a.descriptor.size || (a.descriptor.digest < b.descriptor.digest ? -1 : 1)
}
