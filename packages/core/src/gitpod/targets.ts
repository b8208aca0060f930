import { GpregError, formatReference } from '@gpreg/oci'
import { formatRelativeName, type RelativeName, type RegistryPrefix } from '@gpreg/oci/engine'
import type { ImageEntry, NamedImage, WantedImage } from './image-set.ts'
import { relativeNames, targetNames, type Naming, type NamingOptions } from './naming.ts'

/** Gives every image its names below a prefix. The result has one entry per name. */
export function assignTargets(
  entries: readonly ImageEntry[],
  to: RegistryPrefix,
  namings: readonly Naming[],
  options: NamingOptions,
): ImageEntry[] {
  return entries.flatMap(entry => {
    const names = namings.flatMap(naming => targetNames(entry.source, to, naming, options))
    const unique = new Map(names.map(name => [formatReference(name), name]))
    return [...unique.values()].map(target => ({ ...entry, target }))
  })
}

/** Gives every image its names in a bundle. The result has one entry per name. */
export function assignNames(
  images: readonly WantedImage[],
  namings: readonly Naming[],
  options: NamingOptions,
): NamedImage[] {
  return images.flatMap(({ source, purpose, origins, locked, isTagNamed, place }) => {
    const names = namings.flatMap(naming => relativeNames(source, naming, options))
    const unique = new Map(names.map(name => [formatRelativeName(name), name]))
    const image = {
      source,
      purpose,
      origins,
      ...(locked === undefined ? {} : { locked }),
      ...(isTagNamed ? { isTagNamed } : {}),
      ...(place === undefined ? {} : { place }),
    }
    return [...unique.values()].map(name => ({ ...image, name }))
  })
}

/**
 * Checks that each name of a bundle stands for one image.
 * @param hint default: what a save can do
 * @throws `target-collision`
 */
export function assertDistinctNames(images: readonly NamedImage[], hint?: string): void {
  const bySlot = new Map<string, NamedImage>()
  for (const image of images) {
    const slot = slotOf(image.name)
    const other = bySlot.get(slot)
    if (other !== undefined) throw collision(other, image, formatRelativeName(image.name), hint)
    bySlot.set(slot, image)
  }
}

/**
 * Keeps one entry per target name. An image of the target registry itself (rendered manifests and configurations name such
 * images) is dropped if another image is copied to the same name.
 * @throws `target-collision` if two images would be copied to the same name
 */
export function withoutCollisions(entries: readonly ImageEntry[]): ImageEntry[] {
  const byTarget = new Map<string, ImageEntry>()
  const free: ImageEntry[] = []
  for (const entry of entries) {
    if (entry.target === undefined) {
      free.push(entry)
      continue
    }
    const slot = `${entry.target.host}/${slotOf(entry.target)}`
    const other = byTarget.get(slot)
    if (other === undefined || isItsOwnTarget(other)) byTarget.set(slot, entry)
    else if (!isItsOwnTarget(entry)) throw collision(other, entry, formatReference(entry.target))
  }
  return [...free, ...byTarget.values()]
}

/** The part of a name that only one image can have: its tag, or its digest if it has no tag. */
function slotOf({ repository, tag, digest }: RelativeName): string {
  return tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`
}

function isItsOwnTarget({ source, target }: ImageEntry): boolean {
  return target !== undefined && formatReference(source) === formatReference(target)
}

function collision(a: WantedImage, b: WantedImage, name: string, hint?: string): GpregError {
  const [first, second] = [a, b].map(({ source }) => formatReference(source)).toSorted() as [string, string]
  return new GpregError('target-collision', `${first} and ${second} would both become ${name}`, {
    reference: name,
    hint: hint ?? `leave one out (--exclude '${second}'), or name targets otherwise (--naming source)`,
  })
}
