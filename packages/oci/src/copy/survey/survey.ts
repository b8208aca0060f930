import { allSettledOrThrow } from '../../limiter.ts'
import { GpregError, unlessAborted } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { isDigest, type Digest } from '../../model/digest.ts'
import { descriptorOf, type ManifestNode } from '../../model/manifest.ts'
import type { Call } from '../../store/content.ts'
import { resolveNamed } from '../../store/manifest-reader.ts'
import { readGraph, warnOfForeignLayers, type ImageGraph } from './graph.ts'
import type { AdmittedImage, CopyItem, EngineOptions } from './item.ts'
import type { SurveyContext } from './survey-context.ts'
import { hasReferrers, NO_REFERRERS, surveyReferrers, type SurveyedReferrers } from './survey-referrers.ts'
import { wantedRoot } from './wanted-root.ts'

/** A name to copy, with all content that the target must have in the end. */
export interface ToCopy extends SurveyedReferrers {
  readonly item: CopyItem
  readonly status: 'to-copy'
  readonly root: Descriptor
  readonly image: ImageGraph
  /** The target was asked for the repository and does not know it. */
  readonly isNewRepository: boolean
  /** The tag is right; the image is looked at to repair what is missing below it. */
  readonly isUpToDate: boolean
  /** The digest that the tag has at the target by now, if it is another one. */
  readonly replaced?: Digest
  /** The image is named by digest alone, and gets a tag all the same. */
  readonly wantsDigestTag: boolean
}

/** A name that needs no copy: up to date, or failed. */
export type Settled =
  | {
      readonly item: CopyItem
      readonly status: 'up-to-date'
      readonly root: Descriptor
      readonly referrersUnknown?: GpregError
    }
  | { readonly item: CopyItem; readonly status: 'failed'; readonly error: GpregError }

/** The state of one name before anything is sent. */
export type Survey = ToCopy | Settled

/** Every graph of an image: its own, then those of its referrers. */
export function graphsOf({ image, referrers }: ToCopy): readonly ImageGraph[] {
  return [image, ...referrers.map(({ graph }) => graph)]
}

/** The blobs of every graph of an image. */
export function blobsOf(image: ToCopy): readonly Descriptor[] {
  return graphsOf(image).flatMap(graph => graph.blobs)
}

/** Compares one name on both sides: two requests if nothing changed, one with a lock or with what an earlier copy remembers. */
export async function surveyItem(item: CopyItem, shared: SurveyContext): Promise<Survey> {
  try {
    return (await unchanged(item, shared)) ?? (await survey(item, shared))
  } catch (thrown) {
    const error = unlessAborted(thrown)
    return { item, status: 'failed', error: error.about({ side: 'source', reference: item.sourceName }) }
  }
}

/** An image that an earlier copy left whole at the target, if its source still has the same. The target is not asked. */
async function unchanged(
  item: CopyItem,
  { options, context, offer }: SurveyContext,
): Promise<Settled | undefined> {
  const { settled, repair, refreshReferrers } = options
  const known = repair || refreshReferrers ? undefined : settled?.find(item.targetName)
  if (known === undefined) return undefined
  const { reference } = item
  const offered = isDigest(reference) ? reference : descriptorOf(await offer(item, false)).digest
  if (offered !== known.offered) return undefined
  await assertSameTag(item, offered, { signal: context.signal })
  settled?.keep(item.targetName, known)
  return { item, status: 'up-to-date', root: known.root }
}

async function survey(item: CopyItem, shared: SurveyContext): Promise<Survey> {
  const { options, context } = shared
  const call = { signal: context.signal }
  // The target is asked first: if it has nothing, one request reads the whole manifest from the source.
  const held = await shared.held(item)
  const offered = item.locked?.root ?? (await shared.offer(item, held === undefined))
  const { digest } = descriptorOf(offered)
  options.settled?.offer(item.targetName, digest)
  await assertSameTag(item, digest, call)
  await options.admit?.(admittedImage(item, digest), call)
  const root = await wantedRoot(item, offered, shared, call)
  if (held?.digest === descriptorOf(root).digest && !(await looksAgain(item, options)))
    return { item, status: 'up-to-date', root: descriptorOf(root) }
  return surveyContent(item, root, held, shared)
}

/** Whether an image is looked at although its tag is right. */
async function looksAgain({ targetName }: CopyItem, options: EngineOptions): Promise<boolean> {
  const { repair, refreshReferrers, unfinished } = options
  return repair || refreshReferrers || ((await unfinished?.has(targetName)) ?? false)
}

/** Reads all that belongs to an image. Under a tag that is right only referrers can be missing, unless the image is repaired. */
async function surveyContent(
  item: CopyItem,
  root: Descriptor | ManifestNode,
  held: Descriptor | undefined,
  shared: SurveyContext,
): Promise<Survey> {
  const { options, context } = shared
  const call = { signal: context.signal }
  const isUpToDate = held?.digest === descriptorOf(root).digest
  const mayBeNew = item.tag !== undefined && held === undefined
  const [image, isNewRepository] = await allSettledOrThrow([
    readImage(item, root, shared, call),
    mayBeNew && shared.isNewRepository(item),
  ])
  const found = options.referrers === false ? NO_REFERRERS : await surveyReferrers(item, image, shared, call)
  if (isUpToDate && !options.repair && (await hasReferrers(item, found, call))) {
    const { referrersUnknown } = found
    if (referrersUnknown === undefined) await options.unfinished?.forget(item.targetName)
    return { item, status: 'up-to-date', root: image.root, ...(referrersUnknown && { referrersUnknown }) }
  }
  if (image.foreign.length > 0) warnOfForeignLayers(item.sourceName, image, options, context)
  return {
    item,
    status: 'to-copy',
    root: image.root,
    image,
    ...found,
    isNewRepository,
    isUpToDate,
    ...(held === undefined || isUpToDate ? {} : { replaced: held.digest }),
    wantsDigestTag: item.tag === undefined && options.digestTags === true,
  }
}

function admittedImage({ sourceName, source, locked }: CopyItem, digest: Digest): AdmittedImage {
  const known = locked === undefined ? {} : { referrers: locked.referrers }
  return { name: sourceName, repository: source.repository, digest, ...known }
}

/** @throws `target-collision` if the tag points elsewhere by now, because both cannot have one name at the target */
async function assertSameTag(
  { source, sourceName, targetName, tagToo: tag }: CopyItem,
  offered: Digest,
  call: Call,
): Promise<void> {
  if (tag === undefined) return
  const { digest } = await resolveNamed(source.repository, tag, call)
  if (digest === offered) return
  throw new GpregError(
    'target-collision',
    `the tag ${tag} is ${digest} by now, not what ${sourceName} says, and both would become ${targetName}`,
    { reference: sourceName, hint: 'name only one of them' },
  )
}

/** Reads the image. With the option for them, foreign layers that the source has count as blobs. */
async function readImage(
  { source: { repository } }: CopyItem,
  root: Descriptor | ManifestNode,
  { options, read }: SurveyContext,
  call: Call,
): Promise<ImageGraph> {
  const graph = await readGraph(repository, root, read, call)
  if (!options.foreignLayers || graph.foreign.length === 0) return graph
  const there = await allSettledOrThrow(graph.foreign.map(layer => repository.exists(layer, call)))
  return {
    ...graph,
    blobs: [...graph.blobs, ...graph.foreign.filter((_, index) => there[index])],
    foreign: graph.foreign.filter((_, index) => !there[index]),
  }
}
