import { formatBytes, formatSeconds } from '../text/units.ts'
import { finishedImages, ratioOf, rateOf, type ProgressState } from './state.ts'

const BAR_WIDTHS = [20, 10]

/**
 * A summary in one line: percent, images, bytes, rate, time left. If it is wider than `width`, the bar becomes shorter and goes,
 * then the amounts are left out; percent, failures, rate and time left stay.
 */
export function summarise(state: ProgressState, now: number, width = Infinity): string {
  const { images, bytes, looking, read } = state
  if (read.done < read.total) return summariseReading(state, now, width)
  const finished = finishedImages(state)
  const retries = state.retries === 0 ? [] : [`${state.retries} tried again`]
  const readSoFar = read.done === 0 ? [] : [`${formatBytes(read.done)} read`, ...speedOf(state, 0, now)]
  if (finished === 0 && !state.planned) {
    const looked = `looked at ${looking.done} of ${looking.total} images`
    if (looking.total === 0 && state.step === undefined && read.done > 0)
      return fitting([[...readSoFar, ...retries], readSoFar], width)
    const doing = looking.total > 0 ? looked : (state.step ?? 'at work')
    return fitting(
      [
        [doing, ...readSoFar, ...retries],
        [doing, ...retries],
      ],
      width,
    )
  }
  const failed = images.failed === 0 ? '' : ` (${images.failed} failed)`
  const counted = `${finished}${images.total > 0 ? ` of ${images.total}` : ''} images${failed}`
  if (bytes.total === 0)
    return fitting([[counted, ...readSoFar, ...retries], [counted, ...retries], [counted]], width)
  const ratio = ratioOf(bytes.sent, bytes.total)
  const percent = `${Math.floor(ratio * 100)} %`
  const amounts = `${formatBytes(bytes.sent)} of ${formatBytes(bytes.total)}`
  const speed = speedOf(state, bytes.total - bytes.sent, now)
  const short = `${finished}${images.total > 0 ? `/${images.total}` : ''}${failed}`
  return fitting(
    [
      ...BAR_WIDTHS.map(bars => [bar(ratio, bars), percent, counted, amounts, ...speed, ...retries]),
      [percent, counted, amounts, ...speed, ...retries],
      [percent, counted, amounts, ...speed],
      [percent, counted, ...speed],
      [percent, short, ...speed],
      ...(failed === '' ? [] : [[percent, `${images.failed} failed`, ...speed]]),
      [percent, ...speed],
    ],
    width,
  )
}

/** What was copied and what is left, for a command that was interrupted; undefined before anything was known. */
export function tally(state: ProgressState): string | undefined {
  const { images, bytes } = state
  if (images.total === 0) return undefined
  const done = [
    doneWith(images),
    ...(images.upToDate === 0 ? [] : [`${images.upToDate} up to date`]),
    ...(images.failed === 0 ? [] : [`${images.failed} failed`]),
    `${Math.max(images.total - finishedImages(state), 0)} left`,
  ].join(', ')
  // What was sent of a layer that did not become whole has been taken off.
  const amounts = `layers sent: ${formatBytes(Math.max(bytes.sent, 0))} of ${formatBytes(bytes.total)}`
  return bytes.total === 0 ? done : `${done}; ${amounts}`
}

function doneWith({ copied, verified, total }: ProgressState['images']): string {
  return verified > 0 ? `${verified} of ${total} images checked` : `${copied} of ${total} images copied`
}

/** A bundle that is being read and hashed. */
function summariseReading(state: ProgressState, now: number, width: number): string {
  const { done, total } = state.read
  const ratio = ratioOf(done, total)
  const percent = `${Math.floor(ratio * 100)} %`
  const amounts = `${formatBytes(done)} of ${formatBytes(total)} read`
  const speed = speedOf(state, total - done, now)
  return fitting(
    [
      ...BAR_WIDTHS.map(bars => [bar(ratio, bars), percent, amounts, ...speed]),
      [percent, amounts, ...speed],
      [percent, ...speed],
    ],
    width,
  )
}

/** The rate, and the time that is left. @param left bytes */
function speedOf(state: ProgressState, left: number, now: number): string[] {
  const rate = rateOf(state, now)
  if (rate === undefined) return []
  return [
    `${formatBytes(rate)}/s`,
    ...(rate === 0 || left <= 0 ? [] : [`${formatSeconds(left / rate)} left`]),
  ]
}

/** The first line that fits; the last one if none does. */
function fitting(lines: readonly (readonly string[])[], width: number): string {
  const texts = lines.map(parts => parts.join('  '))
  return texts.find(text => text.length <= width) ?? texts.at(-1) ?? ''
}

function bar(ratio: number, width: number): string {
  const filled = Math.round(ratio * width)
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`
}
