import { contextOf, type ProgressOptions } from '../operation.ts'
import type { Context } from '../context.ts'
import { abortedError, toGpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { assertDigest, isDigest } from '../model/digest.ts'
import { parsePlatform } from '../model/platform.ts'
import type { Artifact } from '../store/artifact.ts'
import type { ReadableRepository } from '../store/content.ts'
import { executePlan, type CopyOutcome } from './execute.ts'
import type { CarriedContent, CopyItem, EngineOptions } from './survey/item.ts'
import { planTransfer, type ImagePlan, type TransferPlan } from './plan.ts'
import type { Settled } from './survey/survey.ts'

/** What is copied, and where to. */
export interface CopyPair {
  readonly from: Artifact<ReadableRepository>
  readonly to: Artifact
}

export interface CopyOptions extends ProgressOptions, CarriedContent {
  /** `os/architecture[/variant]`: of an index, only these platforms. That makes another index, with another digest, which a `warning` event tells. */
  readonly platforms?: readonly string[]
  /** blobs at once between stores that have no budget of their own, such as layouts; default 16 */
  readonly concurrency?: number
}

/** A comparison of a set with its targets, made by {@link planCopy} for {@link executeCopy}. The event `plan.done` tells what it found. */
export class CopyPlan {
  readonly #parts: PlanParts

  constructor(parts: PlanParts) {
    this.#parts = parts
  }

  /** As {@link executeCopy}. */
  execute(): Promise<CopyOutcome> {
    const { transfer, engine, context } = this.#parts
    return executePlan(transfer, engine, context)
  }
}

interface PlanParts {
  readonly transfer: TransferPlan
  readonly engine: EngineOptions
  readonly context: Context
}

const DEFAULT_CONCURRENCY = 16

/**
 * Copies one artifact with everything below it, from any store to any other. Content that the target has is not sent. The tag is
 * written last, because a tag says that the artifact is whole.
 * @returns the descriptor of what the target has now
 * @throws why it could not be copied
 */
export async function copy(
  from: Artifact<ReadableRepository>,
  to: Artifact,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const parts = await planParts([{ from, to }], options)
  const { images } = await new CopyPlan(parts).execute()
  const error = images[0]?.error
  if (error !== undefined) throw error
  const [image] = parts.transfer.images
  if (image === undefined || image.status === 'failed') throw abortedError()
  return image.root
}

/**
 * Compares sources and targets of a set before anything is sent, so that each unique blob is transferred once, even if many
 * artifacts share it. Nothing is written.
 */
export async function planCopy(pairs: readonly CopyPair[], options: CopyOptions = {}): Promise<CopyPlan> {
  return new CopyPlan(await planParts(pairs, options))
}

async function planParts(pairs: readonly CopyPair[], options: CopyOptions): Promise<PlanParts> {
  const context = contextOf(options)
  const engine = engineOptions(options)
  const { images, blobs } = await planTransfer(pairs.map(itemOf), engine, context)
  const checked = images.map((image, index) => checkDigest(image, pairs[index]!.to.reference))
  return { transfer: { images: checked, blobs }, engine, context }
}

/** A target that is named by a digest takes nothing else. */
function checkDigest(image: ImagePlan | Settled, reference: string): ImagePlan | Settled {
  if (image.status === 'failed' || !isDigest(reference)) return image
  try {
    assertDigest(image.root.digest, reference)
    return image
  } catch (thrown) {
    return { item: image.item, status: 'failed', error: toGpregError(thrown).about({ side: 'target' }) }
  }
}

/**
 * Carries a plan out. An artifact that fails does not stop the others: its error is in the outcome.
 * @throws `aborted`
 */
export function executeCopy(plan: CopyPlan): Promise<CopyOutcome> {
  return plan.execute()
}

/** The options of the engine. */
export function engineOptions(options: CopyOptions): EngineOptions {
  const { platforms, referrers, requireReferrers, refreshReferrers, repair, limitRate } = options
  const { concurrency = DEFAULT_CONCURRENCY } = options
  return {
    concurrency,
    newRepositories: 'none',
    ...(platforms === undefined ? {} : { platforms: platforms.map(parsePlatform) }),
    ...(referrers === undefined ? {} : { referrers }),
    ...(requireReferrers === undefined ? {} : { requireReferrers }),
    ...(refreshReferrers === undefined ? {} : { refreshReferrers }),
    ...(repair === undefined ? {} : { repair }),
    ...(limitRate === undefined ? {} : { limitRate }),
  }
}

/** One copy as the engine takes it. */
export function itemOf({ from, to }: CopyPair): CopyItem {
  return {
    sourceName: from.name,
    targetName: to.name,
    source: from.source,
    reference: from.reference,
    target: to.target,
    ...(isDigest(to.reference) ? {} : { tag: to.reference }),
  }
}
