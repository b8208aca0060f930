import { graphsOf, type ToCopy } from '@gpreg/oci/copy/survey'
import { createLock, lockedImage, writeLock, type Lock, type LockBase } from '../documents/lock.ts'
import type { ImageEntry, ImageSet } from '../gitpod/image-set.ts'
import type { Descriptor } from '@gpreg/oci/model/descriptor'
import {
  formatReference,
  joinPath,
  parseReference,
  type Reference,
  type RegistryPrefix,
} from '@gpreg/oci/model/reference'
import type { TarContents } from '@gpreg/oci/store/archive/tar-plan'
import { LOCK_NAME } from './files.ts'
import { namedEntry, type IndexEntry } from '@gpreg/oci/store/layout/layout-content'

/** Stands for the target while a bundle is made: what is below it is what the bundle remembers. */
export const BUNDLE_PREFIX: RegistryPrefix = { host: 'bundle.invalid', path: '' }

/** A name below the prefix: `library/redis:6.2`. */
export function pathOf(target: Reference): string {
  return formatReference(target).slice(target.host.length + 1)
}

/**
 * The reference that a name of a bundle has below a prefix. A bare tag, as oras writes them, is one of the prefix itself;
 * where there is none, it still needs some name.
 */
function placeBelow(path: string, { host, path: prefix }: RegistryPrefix): Reference {
  const below = path.startsWith(':') ? `${prefix || 'image'}${path}` : joinPath(prefix, path)
  return parseReference(`${host}/${below}`)
}

/** What was surveyed, as the lock of a bundle: digests as they will be in it, and every name they have. */
export function lockBundle(
  { images }: ImageSet,
  surveys: readonly ToCopy[],
  created: Date,
  base: LockBase | undefined,
): Lock {
  const paths = Map.groupBy(images, ({ source }) => formatReference(source))
  const distinct = new Map(images.map((entry, index) => [formatReference(entry.source), { entry, index }]))
  const locked = [...distinct.values()].map(({ entry, index }) => ({
    entry: withoutTarget(entry),
    image: lockSurvey(surveys[index]!),
  }))
  const lock = createLock(locked, created)
  return {
    ...lock,
    images: lock.images.map(image => ({
      ...image,
      paths: paths.get(image.source)!.map(({ target }) => pathOf(target!)),
    })),
    ...(base === undefined ? {} : { base }),
  }
}

/** The images of a bundle's lock below a prefix: an entry a name. */
export function bundleEntries({ images }: Lock, to: RegistryPrefix): ImageEntry[] {
  return images.flatMap(({ source, paths = [], purpose, origins, target: _, ...locked }) =>
    paths.map(path => ({
      source: parseReference(source),
      target: placeBelow(path, to),
      purpose,
      origins,
      locked,
    })),
  )
}

/** The names of a bundle by its lock, as an index of a layout has them. */
export function lockedNames(lock: Lock): IndexEntry[] {
  return bundleEntries(lock, BUNDLE_PREFIX).flatMap(({ target, locked }) =>
    [{ ...locked!, tag: target!.tag }, ...locked!.referrers].flatMap(({ tag, ...descriptor }) =>
      tag === undefined ? [] : namedEntry(`${target!.repository}:${tag}`, descriptor),
    ),
  )
}

/** What an archive of these images holds. */
export function archiveContents(surveys: readonly ToCopy[], lock: Lock): TarContents {
  const graphs = surveys.flatMap(graphsOf)
  const manifests = graphs.flatMap(graph => graph.manifests.map(({ descriptor }) => descriptor))
  const without = new Set<string>([
    ...manifests.map(({ digest }) => digest),
    ...(lock.base?.blobs ?? []).map(({ digest }) => digest),
  ])
  return {
    documents: { [LOCK_NAME]: writeLock(lock) },
    entries: indexEntries(surveys),
    manifests,
    blobs: graphs.flatMap(graph => graph.blobs).filter(({ digest }) => !without.has(digest)),
    created: Date.parse(lock.created),
  }
}

/** Names as an index of a layout has them; an image that has only a digest stands there without one. */
function indexEntries(surveys: readonly ToCopy[]): IndexEntry[] {
  const named = new Map<string, IndexEntry>()
  for (const { item, root, referrers } of surveys) {
    const { name } = item.target.repository
    const put = (tag: string | undefined, descriptor: Descriptor) => {
      if (tag === undefined) return
      named.set(`${name}:${tag}`, namedEntry(`${name}:${tag}`, descriptor))
    }
    if (item.tag === undefined) named.set(root.digest, bare(root))
    put(item.tag, root)
    for (const { referrer } of referrers) put(referrer.tag, referrer.descriptor)
  }
  return [...named.values()]
}

function bare({ mediaType, digest, size }: Descriptor): IndexEntry {
  return { mediaType, digest, size }
}

function withoutTarget({ target: _, ...entry }: ImageEntry): ImageEntry {
  return entry
}

function lockSurvey({ root, image, referrers }: ToCopy) {
  return lockedImage(
    root,
    image.blobs,
    referrers.map(({ referrer }) => referrer),
  )
}
