import { GpregError } from '@gpreg/oci/errors'
import { formatName, formatReference, type Reference, type RegistryPrefix } from '@gpreg/oci/model/reference'
import type { ImageEntry } from './image-set.ts'
import { targetNames, type Naming, type NamingOptions } from './naming.ts'

/** Gives every image its names below a prefix: an entry a name. */
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

/**
 * Entries with one source for each target. A name of the target registry that stands in the set as a source as well (rendered
 * manifests and configurations name them) gives way to the image that is published under it.
 * @throws `target-collision` where two images want one name
 */
export function withoutCollisions(entries: readonly ImageEntry[]): ImageEntry[] {
  const byTarget = new Map<string, ImageEntry>()
  const free: ImageEntry[] = []
  for (const entry of entries) {
    if (entry.target === undefined) {
      free.push(entry)
      continue
    }
    const slot = slotOf(entry.target)
    const other = byTarget.get(slot)
    if (other === undefined || isItsOwnTarget(other)) byTarget.set(slot, entry)
    else if (!isItsOwnTarget(entry)) throw collision(other, entry, entry.target)
  }
  return [...free, ...byTarget.values()]
}

/** What only one image can have: a tag, or a digest without one. A digest beside a tag does not make the tag another. */
function slotOf(target: Reference): string {
  return target.tag === undefined ? formatReference(target) : `${formatName(target)}:${target.tag}`
}

function isItsOwnTarget({ source, target }: ImageEntry): boolean {
  return target !== undefined && formatReference(source) === formatReference(target)
}

function collision(a: ImageEntry, b: ImageEntry, target: Reference): GpregError {
  const [first, second] = [a, b].map(({ source }) => formatReference(source)).toSorted() as [string, string]
  const name = formatReference(target)
  return new GpregError('target-collision', `${first} and ${second} would both become ${name}`, {
    reference: name,
    hint: `leave one out (--exclude '${second}'), or name targets otherwise (--naming source)`,
  })
}
