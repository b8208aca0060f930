import { formatReference, parseReference } from '@gpreg/oci'
import {
  archiveContents,
  type ToCopy,
  formatRelativeName,
  parseRelativeName,
  referenceBelow,
  type RegistryPrefix,
  type TarContents,
  namedEntry,
  type IndexEntry,
} from '@gpreg/oci/engine'
import type { SignaturePolicy } from '../signatures/rules.ts'
import { createLock, lockedImage, writeLock, type Lock, type LockBase } from '../documents/lock.ts'
import type { ImageSet, LockedImage, NamedImage, WantedImage } from '../gitpod/image-set.ts'
import { assertDistinctNames } from '../gitpod/targets.ts'
import { LOCK_NAME } from './files.ts'

/** An image of a bundle under one of its names. */
export interface BundledImage extends NamedImage {
  readonly locked: LockedImage
}

/** The lock of a bundle: the digests of the surveyed images, and all names that each image has. */
export function lockBundle(
  { images }: ImageSet<NamedImage>,
  surveys: readonly ToCopy[],
  created: Date,
  base: LockBase | undefined,
  policy?: SignaturePolicy,
): Lock {
  const bySource = new Map<
    string,
    { readonly wanted: WantedImage; readonly survey: ToCopy; paths: string[] }
  >()
  for (const [index, image] of images.entries()) {
    const survey = surveys[index]
    if (survey === undefined) continue
    const source = formatReference(image.source)
    const known = bySource.get(source) ?? { wanted: image, survey, paths: [] }
    known.paths.push(formatRelativeName(image.name))
    bySource.set(source, known)
  }
  const distinct = [...bySource.values()]
  const lock = createLock(
    distinct.map(({ wanted, survey, paths }) => ({
      entry: wanted,
      image: { ...lockSurvey(survey), ...signerOf(wanted, survey, policy) },
      paths,
    })),
    created,
  )
  return base === undefined ? lock : { ...lock, base }
}

/**
 * The images in the lock of a bundle, with one entry per name.
 * @throws `reference-invalid`, `target-collision` if two images have one name, because one would replace the other
 */
export function bundledImages({ images }: Lock): BundledImage[] {
  const named = images.flatMap(({ source, paths = [], purpose, origins, target: _, ...locked }) =>
    paths.map(path => ({
      source: parseReference(source),
      name: parseRelativeName(path),
      purpose,
      origins,
      locked,
    })),
  )
  assertDistinctNames(
    named,
    'images of a bundle have names without a host: put one of the two into another bundle',
  )
  return named
}

/** The images of a bundle, with their names below a prefix. */
export function bundleSet(lock: Lock, to: RegistryPrefix): ImageSet {
  const images = bundledImages(lock).map(({ name, ...image }) => ({
    ...image,
    target: referenceBelow(to, name),
  }))
  return { images, excluded: [] }
}

/** The names in the lock of a bundle, as entries of an `index.json`. */
export function lockedNames(lock: Lock): IndexEntry[] {
  return bundledImages(lock).flatMap(({ name, locked }) =>
    [{ ...locked, tag: name.tag }, ...locked.referrers].flatMap(({ tag, ...descriptor }) =>
      tag === undefined
        ? []
        : namedEntry(formatRelativeName({ repository: name.repository, tag }), descriptor),
    ),
  )
}

/** The content of a bundle's archive: its lock and its images, without the blobs of its base. */
export function bundleContents(surveys: readonly ToCopy[], lock: Lock): TarContents {
  return archiveContents(surveys, {
    documents: { [LOCK_NAME]: writeLock(lock) },
    created: Date.parse(lock.created),
    elsewhere: new Set(lock.base?.blobs.map(({ digest }) => digest)),
  })
}

/** Who had signed an image: as it was asked now, else as the lock says of the same content. */
function signerOf({ source, locked }: WantedImage, { root }: ToCopy, policy: SignaturePolicy | undefined) {
  const known = locked?.digest === root.digest ? locked.verified : undefined
  const verified = policy?.signerOf(formatReference(source)) ?? known
  return verified === undefined ? {} : { verified }
}

function lockSurvey({ root, image, referrers }: ToCopy) {
  return lockedImage(
    root,
    image.blobs,
    referrers.map(({ referrer }) => referrer),
  )
}
