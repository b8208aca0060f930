import { formatBytes } from '../text/units.ts'
import { ratioOf, type ActiveBlob, type ProgressState } from './state.ts'
import { summarise } from './summary.ts'

const MAX_IMAGES = 4
const MAX_LAYERS = 6

/** The size of a terminal in characters. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/**
 * The progress lines of a terminal at one moment: a summary, then the images that are being copied, each above its moving layers.
 * Pure. One column and one row stay free, so that the terminal neither wraps a line nor scrolls.
 */
export function frame(state: ProgressState, now: number, { columns, rows }: Size): string {
  const width = Math.max(columns - 1, 1)
  const lines = [summarise(state, now, width), ...activeLines(state, width)]
  return lines
    .slice(0, Math.max(rows - 1, 1))
    .map(line => cut(line, width))
    .join('\n')
}

function activeLines({ activeImages, activeBlobs }: ProgressState, width: number): string[] {
  const byImage = Map.groupBy(activeBlobs, ([, { image }]) => image)
  // Those with moving layers first.
  const images = [...new Set([...byImage.keys(), ...activeImages.keys()])]
  let room = MAX_LAYERS
  const lines = images.slice(0, MAX_IMAGES).flatMap(image => {
    const layers = (byImage.get(image) ?? []).slice(0, room)
    room -= layers.length
    return [cutLeft(`  ${image}`, width), ...layers.map(([digest, blob]) => layerLine(digest, blob, width))]
  })
  const moreImages = images.length - MAX_IMAGES
  const moreLayers = activeBlobs.size - (MAX_LAYERS - room)
  const more = [
    ...(moreImages > 0 ? [`${moreImages} more images`] : []),
    ...(moreLayers > 0 ? [`${moreLayers} more layers`] : []),
  ]
  return more.length === 0 ? lines : [...lines, `  and ${more.join(', ')}`]
}

function layerLine(digest: string, { size, sent }: ActiveBlob, width: number): string {
  const name = digest.slice(digest.indexOf(':') + 1).slice(0, 12)
  const percent = `${Math.floor(ratioOf(sent, size) * 100)} %`.padStart(5)
  const start = `    ${name}  ${percent}`
  const full = `${start}  ${formatBytes(Math.max(sent, 0))} of ${formatBytes(size)}`
  return full.length <= width ? full : `${start}  ${formatBytes(size)}`
}

/** Cuts the end of a line that is too long. */
function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line
}

/** Cuts the beginning of an image name that is too long, because its end says which image it is. */
function cutLeft(line: string, width: number): string {
  return line.length > width ? `  …${line.slice(line.length - Math.max(width - 3, 0))}` : line
}
