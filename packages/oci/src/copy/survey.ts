import { allSettledOrThrow } from '../limiter.ts'
import type { Context } from '../context.ts'
import { GpregError, unlessAborted, unlessMissing } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import { descriptorOf, type ManifestNode } from '../model/manifest.ts'
import type { Call } from '../store/content.ts'
import { readGraph, warnOfForeignLayers, type ImageGraph } from './graph.ts'
import { resolveNamed, type ManifestReader } from '../store/manifest-reader.ts'
import type { AdmittedImage, CopyItem, EngineOptions, FailedReferrer, Referrer } from './item.ts'
import { warnOfOtherPlatform } from './platform/image-platform.ts'
import { assertMayFilter, filterPlatforms, unnamedPlatforms } from './platform/platform-filter.ts'
import { findReferrers, warnOfUnknownReferrers, type FoundReferrers } from './referrers.ts'

/** A referrer with its manifests and blobs. */
export interface ReferrerGraph {
  readonly referrer: Referrer
  readonly graph: ImageGraph
}

/** A name to copy, with all content that the target must have in the end. */
export interface ToCopy {
  readonly item: CopyItem
  readonly status: 'to-copy'
  readonly root: Descriptor
  readonly image: ImageGraph
  readonly referrers: readonly ReferrerGraph[]
  /** Referrers that could not be read. */
  readonly failedReferrers: readonly FailedReferrer[]
  /** Set if the source did not tell all referrers. */
  readonly referrersUnknown?: GpregError
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

/** What the surveys of one plan share: options, and answers that several names need. */
export interface SurveyContext {
  readonly options: EngineOptions
  readonly context: Context
  readonly read: ManifestReader
  /** Resolves a name of the source; several targets may share it. @param whole whether the manifest is wanted, too */
  offer(item: CopyItem, whole: boolean): Promise<Descriptor | ManifestNode>
  /** The descriptor that the target has under the wanted tag. */
  held(item: CopyItem): Promise<Descriptor | undefined>
  /** Whether the target is known to lack the repository. */
  isNewRepository(item: CopyItem): Promise<boolean>
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
  const upToDate = held !== undefined && held.digest === descriptorOf(root).digest
  const { unfinished } = options
  const looksAgain =
    options.repair || options.refreshReferrers || (upToDate && (await unfinished?.has(item.targetName)))
  if (upToDate && !looksAgain) return { item, status: 'up-to-date', root: descriptorOf(root) }

  const wantsDigestTag = item.tag === undefined && options.digestTags === true
  const mayBeNew = item.tag !== undefined && held === undefined
  const [image, isNewRepository] = await allSettledOrThrow([
    readImage(item, root, shared, call),
    mayBeNew && shared.isNewRepository(item),
  ])
  const found = options.referrers === false ? NO_REFERRERS : await surveyReferrers(item, image, shared, call)
  const { referrers, failedReferrers, referrersUnknown } = found
  const { repair = false } = options
  if (upToDate && !repair && failedReferrers.length === 0 && !(await anyMissing(item, referrers, call))) {
    if (referrersUnknown === undefined) await unfinished?.forget(item.targetName)
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
    isUpToDate: upToDate,
    ...(held === undefined || upToDate ? {} : { replaced: held.digest }),
    wantsDigestTag,
  }
}

function admittedImage({ sourceName, source, locked }: CopyItem, digest: Digest): AdmittedImage {
  const known = locked === undefined ? {} : { referrers: locked.referrers }
  return { name: sourceName, repository: source.repository, digest, ...known }
}

/** Whether the user named the image by digest. The digest of a lock is one that gpreg found out. */
function isPinned({ tag, reference, locked, sourceName }: CopyItem): boolean {
  if (tag === undefined) return true
  return isDigest(reference) && (locked === undefined || sourceName.includes('@'))
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

/** The root to copy. With a platform filter it is a new index, which a warning announces. */
async function wantedRoot(
  item: CopyItem,
  offered: Descriptor | ManifestNode,
  { options, context, read }: SurveyContext,
  call: Call,
) {
  const platforms = options.platforms ?? item.platforms ?? []
  if (platforms.length === 0) return offered
  const node = 'manifest' in offered ? offered : await read(item.source.repository, offered, call)
  const { repository } = item.source
  if (node.manifest.kind === 'manifest') {
    await warnOfOtherPlatform(repository, node.manifest, { image: item.sourceName, platforms }, context)
    return node
  }
  const unnamed = await unnamedPlatforms(repository, node, read, call)
  const filtered = filterPlatforms(node, platforms, item.sourceName, unnamed)
  if (filtered === node) return node
  assertMayFilter(item.sourceName, isPinned(item))
  const message = `${item.targetName} gets an index of its own, ${filtered.descriptor.digest} instead of ${node.descriptor.digest}: signatures of the whole index do not hold for it and are left out`
  context.emit({
    type: 'warning',
    code: 'platform-filtered',
    message,
    subject: { reference: item.targetName, digest: node.descriptor.digest },
  })
  return filtered
}

type SurveyedReferrers = Pick<ToCopy, 'referrers' | 'failedReferrers' | 'referrersUnknown'>

const NO_REFERRERS: SurveyedReferrers = { referrers: [], failedReferrers: [] }

/** Reads the referrers of an image. One that cannot be read fails by itself, unless all are required. */
async function surveyReferrers(
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

/** Whether the target lacks a referrer, under its tag if it has one. */
export async function anyMissing(
  { target }: CopyItem,
  referrers: readonly ReferrerGraph[],
  call: Call,
): Promise<boolean> {
  for (const { referrer } of referrers) {
    const { digest } = referrer.descriptor
    const held = await unlessMissing(() => target.repository.resolve(referrer.tag ?? digest, call))
    if (held?.digest !== digest) return true
  }
  return false
}
