import type { Context } from '../context.ts'
import { abortedError, toGpregError, type GpregError } from '../errors.ts'
import { allSettledOrThrow, Limiter } from '../limiter.ts'
import type { Digest } from '../model/digest.ts'
import type { CopyItem, CopyOptions } from './item.ts'
import { graphsOf, type TransferPlan } from './plan.ts'
import { blobKey } from './presence.ts'
import { publishImage } from './publish.ts'
import type { Survey } from './survey.ts'
import { Transfer, type TransferTotals } from './transfer.ts'

/** Images whose manifests are written at once. */
const PUBLISH_AT_ONCE = 8

export interface CopiedImage {
  readonly item: CopyItem
  readonly status: 'copied' | 'up-to-date' | 'failed'
  readonly digest?: Digest
  readonly error?: GpregError
}

export interface CopyOutcome {
  readonly images: readonly CopiedImage[]
  readonly totals: TransferTotals
}

type ToCopy = Extract<Survey, { status: 'to-copy' }>

/**
 * Carries a plan out. An image is published as soon as its own blobs are there; one that fails does not stop the others.
 * @throws `aborted`, after all that was started has ended
 */
export async function executePlan(
  plan: TransferPlan,
  options: CopyOptions,
  context: Context,
): Promise<CopyOutcome> {
  const transfer = new Transfer(options, context)
  const publishing = new Publishing()
  const byKey = new Map(plan.blobs.map(blob => [blobKey(blob.store, blob.descriptor.digest), blob]))
  const announce = announcer(plan, context)

  const needed = neededKeys(plan)
  transfer.start(
    plan.blobs.filter(blob => needed.has(blobKey(blob.store, blob.descriptor.digest))),
    announce,
  )

  const copy = async (survey: ToCopy): Promise<void> => {
    const { item, image, referrers } = survey
    const { store, repository } = item.target
    await allSettledOrThrow(
      graphsOf(survey).flatMap(graph =>
        graph.blobs.map(({ digest }) => transfer.arrival(store, digest, repository.name)),
      ),
    )
    await publishing.run(`${store}/${repository.name}`, () =>
      publishImage({
        repository,
        image,
        referrers,
        tag: item.tag,
        call: { signal: context.signal },
        resend: descriptor => transfer.resend(byKey.get(blobKey(store, descriptor.digest))!, repository),
      }),
    )
  }

  const images = await allSettledOrThrow(plan.images.map(survey => settle(survey, copy, context)))
  await transfer.settled()
  if (context.signal.aborted) throw abortedError(context.signal.reason)
  return { images, totals: transfer.totals }
}

/**
 * Writes the manifests of so many images at once, but of one repository one after the other: registries on plain files
 * (CNCF distribution 2.8) can answer wrongly while a link that two tags share is being written.
 */
class Publishing {
  readonly #all = new Limiter(PUBLISH_AT_ONCE)
  readonly #repositories = new Map<string, Limiter>()

  run(repository: string, work: () => Promise<void>): Promise<void> {
    const own = this.#repositories.get(repository) ?? new Limiter(1)
    this.#repositories.set(repository, own)
    return own.run(() => this.#all.run(work))
  }
}

async function settle(
  survey: Survey,
  copy: (survey: ToCopy) => Promise<void>,
  context: Context,
): Promise<CopiedImage> {
  const { item } = survey
  const names = { image: item.targetName, source: item.sourceName }
  const fail = (error: GpregError): CopiedImage => {
    if (error.code !== 'aborted') context.emit({ type: 'image.failed', ...names, error })
    return {
      item,
      status: 'failed',
      error,
      ...(survey.status === 'failed' ? {} : { digest: survey.root.digest }),
    }
  }
  if (survey.status === 'failed') return fail(survey.error)
  const { digest } = survey.root
  if (survey.status === 'up-to-date') {
    context.emit({ type: 'image.up-to-date', ...names, digest })
    return { item, status: 'up-to-date', digest }
  }
  try {
    await copy(survey)
  } catch (thrown) {
    return fail(toGpregError(thrown).about({ reference: item.targetName }))
  }
  context.emit({ type: 'image.copied', ...names, digest })
  return { item, status: 'copied', digest }
}

/** Blobs of images that failed while the plan was made are not sent for them. */
function neededKeys(plan: TransferPlan): Set<string> {
  return new Set(
    plan.images.flatMap(survey =>
      graphsOf(survey).flatMap(graph =>
        graph.blobs.map(({ digest }) => blobKey(survey.item.target.store, digest)),
      ),
    ),
  )
}

/** Says that an image has started when the first of its blobs does. */
function announcer(plan: TransferPlan, context: Context): (digest: Digest) => void {
  const waiting = new Map<Digest, Set<ToCopy>>()
  for (const survey of plan.images) {
    if (survey.status !== 'to-copy') continue
    for (const { digest } of graphsOf(survey).flatMap(graph => graph.blobs)) {
      waiting.set(digest, (waiting.get(digest) ?? new Set()).add(survey))
    }
  }
  const started = new Set<ToCopy>()
  return digest => {
    for (const survey of waiting.get(digest) ?? []) {
      if (started.has(survey)) continue
      started.add(survey)
      const bytes = survey.image.blobs.reduce((sum, blob) => sum + blob.size, 0)
      context.emit({ type: 'image.started', image: survey.item.targetName, bytes })
    }
  }
}
