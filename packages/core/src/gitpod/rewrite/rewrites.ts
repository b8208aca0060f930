import { formatReference, type Reference } from '@gpreg/oci'
import type { FoundImage } from '../discovery/found-image.ts'
import type { FileMention, Rewrite } from '../discovery/mention.ts'

/** The lines that must name the mirror, in the order of files and lines. Lines that name it already need nothing. */
export function rewritesOf(
  images: readonly FoundImage[],
  nameOf: (source: Reference) => Reference,
): Rewrite[] {
  const byPlace = new Map<string, Rewrite>()
  for (const { source, mention } of images) {
    const name = formatReference(nameOf(source))
    if (mention === undefined || name === formatReference(source)) continue
    byPlace.set(placeOf(mention), { mention, name })
  }
  return [...byPlace.values()].toSorted((a, b) => compare(a.mention, b.mention))
}

/** Aliases name one place of a file several times. */
function placeOf({ realPath, span, line, at, text }: FileMention): string {
  return JSON.stringify([realPath, ...(span === undefined ? [line, at, text] : [span.start])])
}

function compare(a: FileMention, b: FileMention): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1
  return a.line - b.line || (a.span?.start ?? 0) - (b.span?.start ?? 0)
}
