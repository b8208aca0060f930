import {
  type Place,
  GpregError,
  parsePlatform,
  formatReference,
  type Reference,
  type ReadableRepository,
} from '@gpreg/oci'
import { type CopyItem, type Referrer, tagOrDigest, type Registries } from '@gpreg/oci/engine'
import type { ImageEntry, ImageSet, LockedReferrer, WantedImage } from '../gitpod/image-set.ts'

/** Makes a copy item, with source and target repository, of every image of a set. */
export function copyItems(set: ImageSet, registries: Registries): CopyItem[] {
  return set.images.map(entry => {
    const target = targetOf(entry)
    const to = registries.open('target', target)
    return copyItem(
      entry,
      placeOf(entry, registries),
      { store: to.host, repository: to.repository },
      { targetName: formatReference(target), tag: target.tag },
    )
  })
}

/**
 * Shards agree on their shares only if they have the same digests.
 * @throws `usage` if an image of the set is not locked
 */
export function assertLocked({ images }: ImageSet): void {
  const free = images.find(({ locked }) => locked === undefined)
  if (free === undefined) return
  const reference = formatReference(free.source)
  throw new GpregError('usage', `a copy in shards needs a lock, and ${reference} is not in one`, {
    reference,
    hint: 'write a lock of all images with gpreg lock, and give it alone: --lock gpreg.lock.json',
  })
}

/** Where an image is read. */
export function placeOf({ source, place }: WantedImage, registries: Registries): Place<ReadableRepository> {
  if (place !== undefined) return place
  const { host, repository } = registries.open('source', source)
  return { store: host, repository }
}

/** Makes the copy item of one image between two repositories. */
export function copyItem(
  { source, locked, isTagNamed }: WantedImage,
  from: Place<ReadableRepository>,
  to: Place,
  { targetName, tag }: { readonly targetName: string; readonly tag: string | undefined },
): CopyItem {
  return {
    sourceName: formatReference(source),
    targetName,
    source: from,
    reference: locked?.digest ?? tagOrDigest(source),
    target: to,
    ...(tag === undefined ? {} : { tag }),
    ...(isTagNamed && source.tag !== undefined ? { tagToo: source.tag } : {}),
    ...(locked?.filtered === undefined ? {} : { platforms: locked.filtered.platforms.map(parsePlatform) }),
    ...(locked === undefined
      ? {}
      : {
          locked: {
            root: { mediaType: locked.mediaType, digest: locked.digest, size: locked.size },
            referrers: locked.referrers.map(toReferrer),
          },
        }),
  }
}

/** @throws `usage` if neither `--to` nor the list says where the image goes */
export function targetOf({ source, target }: ImageEntry): Reference {
  if (target !== undefined) return target
  const name = formatReference(source)
  throw new GpregError('usage', `nothing says where ${name} goes`, {
    reference: name,
    hint: 'name the target with --to HOST[:PORT]/PREFIX',
  })
}

function toReferrer({ subject, tag, ...descriptor }: LockedReferrer): Referrer {
  return { descriptor, subject, ...(tag === undefined ? {} : { tag }) }
}

/** The fields of an error that `--json` results show. */
export function describeError({ code, message, hint }: GpregError) {
  return { code, message, ...(hint === undefined ? {} : { hint }) }
}
