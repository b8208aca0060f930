import { finishedImages, rateOf, type ProgressState } from './state.ts'
import { formatBytes, formatSeconds } from '../text/units.ts'

const MAX_IMAGES = 4
const MAX_BLOBS = 6
const BAR_WIDTH = 20

/** The progress lines of a terminal at one moment. Pure; no line is wider than `width`. */
export function frame(state: ProgressState, now: number, width: number): string {
  const lines = [summarise(state, now), ...activeImages(state), ...activeBlobs(state)]
  return lines
    .map(line => (line.length > width ? `${line.slice(0, Math.max(width - 1, 0))}…` : line))
    .join('\n')
}

/** A summary in one line: images, bytes, rate, time left. */
export function summarise(state: ProgressState, now: number): string {
  const { images, bytes, looking } = state
  const finished = finishedImages(state)
  const failed = images.failed === 0 ? '' : ` (${images.failed} failed)`
  const retries = state.retries === 0 ? [] : [`${state.retries} tried again`]
  if (finished === 0 && !state.planned) {
    const looked = `looked at ${looking.done} of ${looking.total} images`
    return [looking.total > 0 ? looked : (state.step ?? 'at work'), ...retries].join('  ')
  }
  const total = images.total > 0 ? ` of ${images.total}` : ''
  const counted = `${finished}${total} images${failed}`
  if (bytes.total === 0) return [counted, ...retries].join('  ')
  const rate = rateOf(state, now)
  const left = Math.max(bytes.total - bytes.sent, 0)
  return [
    bar(bytes.sent / bytes.total),
    counted,
    `${formatBytes(bytes.sent)} of ${formatBytes(bytes.total)}`,
    ...(rate === undefined ? [] : [`${formatBytes(rate)}/s`]),
    ...(rate === undefined || rate === 0 || left === 0 ? [] : [`${formatSeconds(left / rate)} left`]),
    ...retries,
  ].join('  ')
}

function activeImages({ activeImages: active }: ProgressState): string[] {
  return listed([...active], MAX_IMAGES, ([image, bytes]) => `  ${image}  ${formatBytes(bytes)}`)
}

function activeBlobs({ activeBlobs: active }: ProgressState): string[] {
  return listed([...active], MAX_BLOBS, ([digest, { size, sent }]) => {
    const percent = size === 0 ? 100 : Math.min(Math.floor((sent / size) * 100), 100)
    return `  ${digest.slice(0, 19)}  ${`${percent}`.padStart(3)} %  ${formatBytes(Math.max(sent, 0))} of ${formatBytes(size)}`
  })
}

function listed<T>(items: readonly T[], limit: number, line: (item: T) => string): string[] {
  const more = items.length - limit
  return [...items.slice(0, limit).map(line), ...(more > 0 ? [`  and ${more} more`] : [])]
}

function bar(ratio: number): string {
  const filled = Math.round(Math.min(Math.max(ratio, 0), 1) * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`
}
