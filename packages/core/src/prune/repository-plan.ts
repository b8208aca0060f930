import {
  childrenOf,
  GpregError,
  isReferrerLister,
  isTagLister,
  type Descriptor,
  type Digest,
  type ReadableRepository,
} from '@gpreg/oci'
import { mapLimited, unlessAborted, unlessMissing, type Call, type ManifestReader } from '@gpreg/oci/engine'
import { isDigestTag, tagsAbout, type Tags } from './digest-tags.ts'
import { select, type RepositoryNames, type Selection, type SelectionOptions } from './selection.ts'
import { LOOKS_AT_ONCE, walk, walkReadable, type ManifestNode, type Manifests } from './walk.ts'

/** What stays in one repository, and what goes. */
export interface RepositoryPlan {
  readonly repository: ReadableRepository
  readonly tags: Tags
  /** Tags that go. */
  readonly doomedTags: ReadonlyMap<string, Descriptor>
  /** Manifests that go: those of the tags, those below them, and their signatures and other referrers. */
  readonly doomed: Manifests
  /** Manifests that stay. */
  readonly kept: Manifests
  /** All digests that something which stays names. */
  readonly needed: ReadonlySet<Digest>
}

/** How a repository is read. */
export interface Reading {
  readonly repository: ReadableRepository
  readonly read: ManifestReader
  readonly call: Call
}

/**
 * Plans one repository: everything that stays is read first, and only what nothing of it names may go.
 * @returns undefined if there is no such repository
 * @throws why the repository cannot be judged: its tags or something that stays in it cannot be read
 */
export async function planRepository(
  reading: Reading,
  names: RepositoryNames,
  options: SelectionOptions,
  now: number,
): Promise<RepositoryPlan | undefined> {
  const { repository, read, call } = reading
  const tags = await readTags(repository, call)
  if (tags === undefined) return undefined
  const selection = select(tags, names, options, now)
  const staying = [...tags].filter(([tag]) => !selection.tags.has(tag) && !isDigestTag(tag))
  const roots = staying.map(([tag, descriptor]) => descriptor ?? dangling(repository, tag))
  const stays = await stored(reading, selection.stays, tags)
  const kept = await walk(repository, [...roots, ...stays], read, call)
  const doomedRoots = [
    ...[...selection.tags].flatMap(tag => tags.get(tag) ?? []),
    // Where repositories share content, one without a tag seems to have that of all others.
    ...(tags.size === 0 ? [] : await stored(reading, selection.digests, tags)),
  ]
  const doomed = await withReferrers(reading, doomedRoots, tags)
  return settle(reading, { tags, selection, kept, doomed })
}

/** A tag that stays and has no manifest: what it needs is unknown. */
function dangling({ name }: ReadableRepository, tag: string): never {
  throw new GpregError('not-found', `${name}:${tag} is listed, but its manifest is not there`, {
    reference: `${name}:${tag}`,
    hint: 'mend it first: gpreg mirror --repair --deep',
  })
}

/** The tags with what they point at; undefined if the registry does not know the repository. */
async function readTags(repository: ReadableRepository, call: Call): Promise<Tags | undefined> {
  const listed = isTagLister(repository) ? repository.tags(call) : []
  const names = await unlessMissing(() => Array.fromAsync(listed))
  if (names === undefined) return undefined
  const entries = await mapLimited(
    names,
    LOOKS_AT_ONCE,
    async tag => [tag, await unlessMissing(() => repository.resolve(tag, call))] as const,
  )
  return new Map(entries)
}

/** Those of the digests that the repository has. */
async function stored(
  { repository, call }: Reading,
  digests: ReadonlySet<Digest>,
  tags: Tags,
): Promise<Descriptor[]> {
  const tagged = new Map(
    [...tags.values()].flatMap(each => (each === undefined ? [] : [[each.digest, each]])),
  )
  const found = await mapLimited(digests, LOOKS_AT_ONCE, async digest => {
    return tagged.get(digest) ?? (await unlessMissing(() => repository.resolve(digest, call))) ?? []
  })
  return found.flat()
}

/** What goes with these manifests: everything below them, and the referrers of all of it, in turn. */
async function withReferrers(
  { repository, read, call }: Reading,
  roots: readonly Descriptor[],
  tags: Tags,
): Promise<Manifests> {
  const found = await walkReadable(repository, roots, read, call)
  const names = new Set(tags.keys())
  // A Map goes on with what is added during the loop.
  for (const digest of found.keys()) {
    const tagged = tagsAbout(digest, tags).flatMap(tag => tags.get(tag) ?? [])
    const listed = await listedReferrers(repository, digest, { ...call, tags: names })
    for (const [key, node] of await walkReadable(repository, [...tagged, ...listed], read, call))
      if (!found.has(key)) found.set(key, node)
  }
  return found
}

async function listedReferrers(
  repository: ReadableRepository,
  digest: Digest,
  call: Call & { readonly tags: ReadonlySet<string> },
): Promise<readonly Descriptor[]> {
  if (!isReferrerLister(repository)) return []
  try {
    return await repository.referrers(digest, call)
  } catch (thrown) {
    // A referrer that is not found stays, which harms nothing.
    unlessAborted(thrown)
    return []
  }
}

interface Unsettled {
  readonly tags: Tags
  readonly selection: Selection
  readonly kept: Map<Digest, ManifestNode>
  readonly doomed: Manifests
}

/**
 * Takes back from what is to go all that something which stays names: tags of gpreg and cosign whose subject stays, manifests whose
 * subject stays, and all below them. That is repeated until nothing changes, because each may name more.
 */
async function settle(
  { repository, read, call }: Reading,
  { tags, selection, kept, doomed }: Unsettled,
): Promise<RepositoryPlan> {
  for (;;) {
    const needed = neededBy(kept)
    const going = new Map([...doomed].filter(([digest]) => !needed.has(digest)))
    const subjects = [...going.keys(), ...[...selection.digests].filter(digest => !needed.has(digest))]
    const goingTags = new Set([...selection.tags, ...subjects.flatMap(subject => tagsAbout(subject, tags))])
    const staying = [...tags].filter(([tag]) => isDigestTag(tag) && !goingTags.has(tag))
    const back = [
      ...staying.map(([tag, descriptor]) => descriptor ?? dangling(repository, tag)),
      ...[...going.values()].flatMap(({ descriptor, manifest }) =>
        manifest.subject !== undefined && needed.has(manifest.subject.digest) ? [descriptor] : [],
      ),
    ].filter(({ digest }) => !kept.has(digest))
    if (back.length === 0) {
      const doomedTags = [...tags].flatMap(([tag, descriptor]) =>
        descriptor !== undefined && goingTags.has(tag) ? [[tag, descriptor] as const] : [],
      )
      return { repository, tags, doomedTags: new Map(doomedTags), doomed: going, kept, needed }
    }
    for (const [digest, node] of await walk(repository, back, read, call)) kept.set(digest, node)
  }
}

function neededBy(kept: Manifests): Set<Digest> {
  const children = [...kept.values()].flatMap(({ manifest }) => childrenOf(manifest))
  return new Set([...kept.keys(), ...children.map(({ digest }) => digest)])
}
