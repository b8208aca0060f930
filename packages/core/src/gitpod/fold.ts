import { formatReference, type Reference } from '@gpreg/oci'
import { compareText } from '@gpreg/oci/engine'
import { globMatcher } from '../glob.ts'
import type { FoundImage } from './discovery/found-image.ts'
import type { ImageEntry, ImageSet, WantedImage } from './image-set.ts'

/**
 * Makes one entry of all mentions of an image. The entry has the origins of all mentions, and the lock of a mention that has one.
 * An image that Gitpod itself needs has the purpose `components`, even if workspaces start from the image, too.
 * @param ownTargets whether targets in the inputs count; if so, an image has one entry for each of its targets
 */
export function foldImages(found: readonly FoundImage[], ownTargets: boolean): ImageEntry[] {
  const bySource = Map.groupBy(pinTags(found), ({ source }) => formatReference(source))
  return [...bySource.values()].flatMap(mentions => {
    const { source } = mentions[0]!
    const place = mentions.find(mention => mention.place !== undefined)?.place
    const locked = mentions.find(mention => mention.locked !== undefined)?.locked
    const entry: ImageEntry = {
      source,
      purpose: mentions.some(({ purpose }) => purpose === 'components') ? 'components' : 'workspace-base',
      origins: [...new Set(mentions.flatMap(({ origins }) => origins))].toSorted(),
      ...(locked === undefined ? {} : { locked }),
      ...(place === undefined ? {} : { place }),
      ...(mentions.some(({ isTagNamed }) => isTagNamed) ? { isTagNamed: true } : {}),
    }
    const targets = ownTargets ? distinct(mentions.flatMap(({ target }) => target ?? [])) : []
    return targets.length === 0 ? [entry] : targets.map(target => ({ ...entry, target }))
  })
}

/** Mentions of a tag that another mention pins to one digest become mentions of the pinned image: `x:1` beside `x:1@sha256:…`. */
function pinTags(found: readonly FoundImage[]): FoundImage[] {
  const nameOf = ({ digest: _, ...name }: Reference) => formatReference(name)
  const pinned = Map.groupBy(
    found.filter(({ source }) => source.digest !== undefined && source.tag !== undefined),
    ({ source }) => nameOf(source),
  )
  return found.map(image => {
    const pins = image.source.digest === undefined ? (pinned.get(nameOf(image.source)) ?? []) : []
    const [pin] = pins
    const isOne = pin !== undefined && pins.every(({ source }) => source.digest === pin.source.digest)
    return isOne && image.locked === undefined ? { ...image, source: pin.source, isTagNamed: true } : image
  })
}

/**
 * Leaves out images that match a pattern. A pattern must match the whole normalised reference; `*` is any text, `?` one
 * character.
 */
export function excludeImages(
  found: readonly FoundImage[],
  patterns: readonly string[],
): { readonly kept: FoundImage[]; readonly excluded: ImageSet['excluded'] } {
  const globs = patterns.map(pattern => ({ pattern, matches: globMatcher(pattern) }))
  const kept: FoundImage[] = []
  const excluded = new Map<string, ImageSet['excluded'][number]>()
  for (const image of found) {
    const name = formatReference(image.source)
    const glob = globs.find(({ matches }) => matches(name))
    if (glob === undefined) kept.push(image)
    else excluded.set(name, { source: image.source, pattern: glob.pattern })
  }
  return { kept, excluded: [...excluded.values()].toSorted(bySource) }
}

/** Sorts by source, then by name, by code unit, because the installer lists in this order. */
export function sortEntries<E extends WantedImage>(entries: readonly E[], nameOf: (entry: E) => string): E[] {
  return entries.toSorted((a, b) => bySource(a, b) || compareText(nameOf(a), nameOf(b)))
}

function distinct(references: readonly Reference[]): Reference[] {
  return [...new Map(references.map(reference => [formatReference(reference), reference])).values()]
}

export function targetName({ target }: ImageEntry): string {
  return target === undefined ? '' : formatReference(target)
}

function bySource(a: { readonly source: Reference }, b: { readonly source: Reference }): number {
  return compareText(formatReference(a.source), formatReference(b.source))
}
