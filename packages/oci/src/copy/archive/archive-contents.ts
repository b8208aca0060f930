import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import { formatRelativeName } from '../../model/name.ts'
import type { TarContents } from '../../store/archive/tar-plan.ts'
import type { Place } from '../../store/artifact.ts'
import { namedEntry, type IndexEntry } from '../../store/layout/layout-content.ts'
import { graphsOf, type ToCopy } from '../survey/survey.ts'

export interface ArchiveContentsOptions extends Pick<TarContents, 'documents' | 'created'> {
  /** Blobs that are left out, because the destination of the archive has them. */
  readonly elsewhere?: ReadonlySet<Digest>
}

/** What an archive of these artifacts holds: their names, manifests and blobs, those of their referrers included. */
export function archiveContents(
  surveys: readonly ToCopy[],
  { documents, created, elsewhere }: ArchiveContentsOptions,
): TarContents {
  const graphs = surveys.flatMap(graphsOf)
  const manifests = graphs.flatMap(graph => graph.manifests.map(({ descriptor }) => descriptor))
  const known = new Set(manifests.map(({ digest }) => digest))
  const blobs = graphs
    .flatMap(graph => graph.blobs)
    .filter(({ digest }) => !known.has(digest) && elsewhere?.has(digest) !== true)
  return { documents, created, entries: indexEntries(surveys), manifests, blobs }
}

/** The same surveys with other targets. */
export function retarget(surveys: readonly ToCopy[], open: (repository: string) => Place): ToCopy[] {
  return surveys.map(survey => ({
    ...survey,
    item: { ...survey.item, target: open(survey.item.target.repository.name) },
  }))
}

/** The entries of an `index.json`. An artifact that has only a digest gets an entry without a name. */
function indexEntries(surveys: readonly ToCopy[]): IndexEntry[] {
  const entries = new Map<string, IndexEntry>()
  for (const { item, root, referrers } of surveys) {
    const { name: repository } = item.target.repository
    const put = (tag: string | undefined, descriptor: Descriptor) => {
      if (tag === undefined) return
      const name = formatRelativeName({ repository, tag })
      entries.set(name, namedEntry(repository === '' ? tag : name, descriptor))
    }
    const { mediaType, digest, size } = root
    if (item.tag === undefined) entries.set(digest, { mediaType, digest, size })
    put(item.tag, root)
    for (const { referrer } of referrers) put(referrer.tag, referrer.descriptor)
  }
  return [...entries.values()]
}
