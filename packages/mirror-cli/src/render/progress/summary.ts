import { formatBytes, formatSeconds } from '../text/units.ts'
import { finishedImages, ratioOf, rateOf, type ProgressState } from './state.ts'

const BAR_WIDTHS = [20, 10]

/** A line in several lengths, the longest first; its parts are two spaces apart. */
type Lengths = readonly (readonly string[])[]

/**
 * A summary in one line: percent, images, bytes, rate, time left. If it is wider than `width`, the bar becomes shorter and goes,
 * then the amounts are left out; percent, failures, rate and time left stay.
 */
export function summarise(state: ProgressState, now: number, width = Infinity): string {
  return fitting(stageOf(state)(state, now), width)
}

function stageOf(state: ProgressState): (state: ProgressState, now: number) => Lengths {
  const { bytes, read } = state
  if (read.done < read.total) return reading
  if (finishedImages(state) === 0 && !state.planned) return looking
  return bytes.total === 0 ? counting : copying
}

/** A bundle is being read and hashed. */
function reading(state: ProgressState, now: number): Lengths {
  const { done, total } = state.read
  const ratio = ratioOf(done, total)
  const amounts = `${formatBytes(done)} of ${formatBytes(total)} read`
  const speed = speedOf(state, total - done, now)
  return [
    ...BAR_WIDTHS.map(bars => [bar(ratio, bars), percent(ratio), amounts, ...speed]),
    [percent(ratio), amounts, ...speed],
    [percent(ratio), ...speed],
  ]
}

/** Nothing is planned yet: images are looked at, a change is made, or bytes of an unknown number are read. */
function looking(state: ProgressState, now: number): Lengths {
  const { looking, step, read } = state
  const [readSoFar, retries] = [readBytes(state, now), triedAgain(state)]
  if (looking.total === 0 && step === undefined && read.done > 0)
    return [[...readSoFar, ...retries], readSoFar]
  const doing =
    looking.total > 0 ? `looked at ${looking.done} of ${looking.total} images` : (step ?? 'at work')
  return [
    [doing, ...readSoFar, ...retries],
    [doing, ...retries],
  ]
}

/** Images are finished, and the number of bytes to send is not known, or there are none. */
function counting(state: ProgressState, now: number): Lengths {
  const [images, retries] = [countedImages(state), triedAgain(state)]
  return [[images, ...readBytes(state, now), ...retries], [images, ...retries], [images]]
}

function copying(state: ProgressState, now: number): Lengths {
  const { images, bytes } = state
  const ratio = ratioOf(bytes.sent, bytes.total)
  const amounts = `${formatBytes(bytes.sent)} of ${formatBytes(bytes.total)}`
  const speed = speedOf(state, bytes.total - bytes.sent, now)
  const [counted, retries] = [countedImages(state), triedAgain(state)]
  const short = `${finishedImages(state)}${images.total > 0 ? `/${images.total}` : ''}${failed(state)}`
  return [
    ...BAR_WIDTHS.map(bars => [bar(ratio, bars), percent(ratio), counted, amounts, ...speed, ...retries]),
    [percent(ratio), counted, amounts, ...speed, ...retries],
    [percent(ratio), counted, amounts, ...speed],
    [percent(ratio), counted, ...speed],
    [percent(ratio), short, ...speed],
    ...(images.failed === 0 ? [] : [[percent(ratio), `${images.failed} failed`, ...speed]]),
    [percent(ratio), ...speed],
  ]
}

function countedImages(state: ProgressState): string {
  const { total } = state.images
  return `${finishedImages(state)}${total > 0 ? ` of ${total}` : ''} images${failed(state)}`
}

function failed({ images }: ProgressState): string {
  return images.failed === 0 ? '' : ` (${images.failed} failed)`
}

function triedAgain({ retries }: ProgressState): string[] {
  return retries === 0 ? [] : [`${retries} tried again`]
}

function readBytes(state: ProgressState, now: number): string[] {
  const { done } = state.read
  return done === 0 ? [] : [`${formatBytes(done)} read`, ...speedOf(state, 0, now)]
}

function percent(ratio: number): string {
  return `${Math.floor(ratio * 100)} %`
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
function fitting(lines: Lengths, width: number): string {
  const texts = lines.map(parts => parts.join('  '))
  return texts.find(text => text.length <= width) ?? texts.at(-1) ?? ''
}

function bar(ratio: number, width: number): string {
  const filled = Math.round(ratio * width)
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`
}
