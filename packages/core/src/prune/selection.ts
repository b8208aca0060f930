import type { Digest } from '@gpreg/oci'
import { isDigestTag, type Tags } from './digest-tags.ts'
import type { NamedContent } from './documents.ts'

/** Which content may go. */
export interface SelectionOptions {
  /** Also the tags that no document names; default false. */
  readonly allTags?: boolean
  /** Only what no document of the last so many milliseconds names. Content of unknown age stays. */
  readonly olderThan?: number
  /** The newest names of each repository stay, so many of those that no kept document names. Content of unknown age stays. */
  readonly keepLast?: number
}

/** What the documents say about one repository. */
export interface RepositoryNames {
  readonly kept: readonly NamedContent[]
  readonly mirrored: readonly NamedContent[]
}

/** What of a repository may go and what stays, before manifests are read. */
export interface Selection {
  readonly tags: ReadonlySet<string>
  readonly digests: ReadonlySet<Digest>
  /** Digests that stay without a tag. */
  readonly stays: ReadonlySet<Digest>
}

/** A name of a repository, by tag or by digest alone, with the newest document that has it. */
interface Candidate {
  readonly tag?: string
  readonly digest?: Digest
  /** undefined if no document names it */
  readonly created: number | undefined
}

/** Selects by name, age and number. The age of a name is that of the newest document that has it, never one that a registry tells. */
export function select(
  tags: Tags,
  { kept, mirrored }: RepositoryNames,
  options: SelectionOptions,
  now: number,
): Selection {
  const keptTags = new Set(kept.flatMap(({ tag }) => tag ?? []))
  const keptDigests = new Set(kept.flatMap(({ digests }) => digests))
  // A guessed name may be somebody else's, unless it has the content of the document.
  const isTold = ({ tag, digests, isGuess }: NamedContent) => {
    const digest = tag === undefined ? undefined : tags.get(tag)?.digest
    return !isGuess || (digest !== undefined && digests.includes(digest))
  }
  const tagAges = newest(
    mirrored
      .filter(isTold)
      .flatMap(({ tag, created }): [string, number][] => (tag === undefined ? [] : [[tag, created]])),
  )
  const only = newest(mirrored.filter(({ tag }) => tag === undefined).flatMap(agesOf))
  const all = newest(mirrored.flatMap(agesOf))
  const isOld = (created: number | undefined) =>
    options.olderThan === undefined || (created !== undefined && now - created > options.olderThan)

  const byTag = [...tags].flatMap(([tag, descriptor]): Candidate[] => {
    const isMine = options.allTags === true || tagAges.has(tag)
    if (descriptor === undefined || isDigestTag(tag) || keptTags.has(tag) || !isMine) return []
    return [{ tag, created: tagAges.get(tag) }]
  })
  const byDigest = [...only].flatMap(([digest, created]): Candidate[] =>
    keptDigests.has(digest) ? [] : [{ digest, created }],
  )
  const going = withoutLast([...byTag, ...byDigest], options.keepLast).filter(({ created }) => isOld(created))
  const goingDigests = new Set(going.flatMap(({ digest }) => digest ?? []))
  const goes = ([digest, created]: readonly [Digest, number]) =>
    !keptDigests.has(digest) && isOld(created) && (!only.has(digest) || goingDigests.has(digest))
  return {
    tags: new Set(going.flatMap(({ tag }) => tag ?? [])),
    digests: new Set([...all].filter(goes).map(([digest]) => digest)),
    stays: new Set([...keptDigests, ...[...all].filter(each => !goes(each)).map(([digest]) => digest)]),
  }
}

function agesOf({ digests, created }: NamedContent): [Digest, number][] {
  return digests.map(digest => [digest, created])
}

function newest<K>(ages: readonly [K, number][]): Map<K, number> {
  const found = new Map<K, number>()
  for (const [name, created] of ages) found.set(name, Math.max(created, found.get(name) ?? -Infinity))
  return found
}

/** All but the newest ones. */
function withoutLast(candidates: readonly Candidate[], keepLast: number | undefined): readonly Candidate[] {
  if (keepLast === undefined) return candidates
  return candidates
    .filter(({ created }) => created !== undefined)
    .toSorted((a, b) => (b.created ?? 0) - (a.created ?? 0))
    .slice(keepLast)
}
