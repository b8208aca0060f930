import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { CopyItem } from './survey/item.ts'
import type { Presence } from './presence.ts'
import { isSmall } from './small-lane.ts'
import { blobsOf, type ToCopy } from './survey/survey.ts'

/** Blobs of each lane that are asked for. A copy sends only a few at once. */
const BLOBS = 128

/** Images whose blobs are all asked for, because other tools copy image by image. */
const IMAGES = 16

/** A blob, and the first image of the set that needs it. */
interface Sample {
  readonly item: CopyItem
  readonly blob: Descriptor
}

/**
 * Whether an interrupted copy left blobs in repositories that the target does not know. A copy sends the largest blobs of each lane
 * first, so if these are not there, no others are.
 */
export async function hasLeftovers(surveys: readonly ToCopy[], presence: Presence): Promise<boolean> {
  const byStore = Map.groupBy(surveys, ({ item }) => item.target.store)
  const samples = [...byStore.values()].flatMap(ofStore => [...firstSent(blobsOfNewRepositories(ofStore))])
  const answers = await Promise.allSettled(
    samples.map(({ item, blob }) => presence.look(item, [blob], false)),
  )
  // A repository that cannot be asked fails its images when they are looked at.
  return answers.some(answer => answer.status === 'fulfilled' && answer.value.some(({ present }) => present))
}

/** The blobs that a copy sends first. */
function firstSent(blobs: readonly Sample[]): Set<Sample> {
  const images = new Set([...new Set(blobs.map(({ item }) => item))].slice(0, IMAGES))
  const lanes = Map.groupBy(blobs, ({ blob }) => isSmall(blob))
  const largest = [...lanes.values()].flatMap(lane =>
    lane.sort((a, b) => b.blob.size - a.blob.size).slice(0, BLOBS),
  )
  return new Set([...blobs.filter(({ item }) => images.has(item)), ...largest])
}

/** The blobs that are sent to repositories that the target does not know, in the order of the set. */
function blobsOfNewRepositories(surveys: readonly ToCopy[]): Sample[] {
  const seen = new Set<Digest>()
  return surveys.flatMap(survey => {
    const { item, isNewRepository } = survey
    const unseen = blobsOf(survey).filter(({ digest }) => !seen.has(digest) && seen.add(digest))
    return isNewRepository ? unseen.map(blob => ({ item, blob })) : []
  })
}
