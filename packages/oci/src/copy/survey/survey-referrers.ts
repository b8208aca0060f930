import { allSettledOrThrow } from '../../limiter.ts'
import { unlessAborted, unlessMissing, type GpregError } from '../../errors.ts'
import type { Digest } from '../../model/digest.ts'
import type { Call } from '../../store/content.ts'
import { readGraph, type ImageGraph } from './graph.ts'
import type { CopyItem, FailedReferrer, Referrer } from './item.ts'
import { findReferrers, warnOfUnknownReferrers, type FoundReferrers } from './referrers.ts'
import type { SurveyContext } from './survey-context.ts'

/** A referrer with its manifests and blobs. */
export interface ReferrerGraph {
  readonly referrer: Referrer
  readonly graph: ImageGraph
}

/** The referrers of an image, with all that is below them. */
export interface SurveyedReferrers {
  readonly referrers: readonly ReferrerGraph[]
  /** Referrers that could not be read. */
  readonly failedReferrers: readonly FailedReferrer[]
  /** Set if the source did not tell all referrers. */
  readonly referrersUnknown?: GpregError
}

export const NO_REFERRERS: SurveyedReferrers = { referrers: [], failedReferrers: [] }

/** Reads the referrers of an image. One that cannot be read fails by itself, unless all are required. */
export async function surveyReferrers(
  item: CopyItem,
  image: ImageGraph,
  { read, options, context }: SurveyContext,
  call: Call,
): Promise<SurveyedReferrers> {
  const { repository } = item.source
  const digests = image.manifests.map(({ descriptor }) => descriptor.digest)
  const found: FoundReferrers = item.locked
    ? { referrers: referrersOf(digests, item.locked.referrers) }
    : await findReferrers(repository, digests, call)
  const { unknown } = found
  if (unknown !== undefined) {
    if (options.requireReferrers) throw unknown
    warnOfUnknownReferrers(context, item.sourceName, unknown)
  }
  const answers = await allSettledOrThrow(
    found.referrers.map(async (referrer): Promise<ReferrerGraph | FailedReferrer> => {
      try {
        return { referrer, graph: await readGraph(repository, referrer.descriptor, read, call) }
      } catch (thrown) {
        const error = unlessAborted(thrown)
        if (options.requireReferrers) throw error
        return { referrer, error: error.about({ side: 'source' }) }
      }
    }),
  )
  const referrers = answers.flatMap(answer => ('graph' in answer && refersTo(answer) ? [answer] : []))
  const failedReferrers = answers.flatMap(answer => ('error' in answer ? [answer] : []))
  return { referrers, failedReferrers, ...(unknown === undefined ? {} : { referrersUnknown: unknown }) }
}

/** Those of the locked referrers that are about these manifests, or about one another. Subjects come first. */
function referrersOf(digests: readonly Digest[], locked: readonly Referrer[]): readonly Referrer[] {
  const bySubject = Map.groupBy(locked, ({ subject }) => subject)
  const found = new Set<Referrer>()
  const queue = [...digests]
  for (let subject; (subject = queue.shift()) !== undefined;) {
    for (const referrer of bySubject.get(subject) ?? []) {
      if (found.has(referrer)) continue
      found.add(referrer)
      queue.push(referrer.descriptor.digest)
    }
  }
  return [...found]
}

/** Whether a manifest is about the image. A list may be wrong; a tag of cosign is the only link that cosign makes. */
function refersTo({ referrer: { subject, tag }, graph }: ReferrerGraph): boolean {
  return tag !== undefined || graph.manifests.at(-1)?.manifest.subject?.digest === subject
}

/**
 * Whether the target has all referrers of the source, each under its tag if it has one. Those that could not be read may be missing.
 */
export async function hasReferrers(
  { target }: CopyItem,
  { referrers, failedReferrers }: SurveyedReferrers,
  call: Call,
): Promise<boolean> {
  if (failedReferrers.length > 0) return false
  for (const { referrer } of referrers) {
    const { digest } = referrer.descriptor
    const held = await unlessMissing(() => target.repository.resolve(referrer.tag ?? digest, call))
    if (held?.digest !== digest) return false
  }
  return true
}
