import type { MirrorResult } from '@gpreg/core'
import type { Round } from './rounds.ts'
import { causeOf } from '../render/error/cause.ts'
import { plain, type Paint } from '../render/text/paint.ts'
import { count, formatBytes, formatSeconds, formatTime } from '../render/text/units.ts'

/** One line that says what a round of a watch did, and when the next one comes. @param now milliseconds since the epoch */
export function renderRound(
  { number, result, error, wait }: Round<MirrorResult>,
  now: number,
  paint: Paint = plain,
): string {
  const next = `next in ${formatSeconds(wait / 1000)}`
  const head = `${formatTime(now)} round ${number}`
  if (error !== undefined) {
    const step = error.hint === undefined ? '' : ` (${error.hint})`
    return `${head} ${paint('red', 'failed')}: ${error.message}${step}; ${next}`
  }
  return `${head}: ${result === undefined ? '' : renderResult(result, paint)}; ${next}`
}

function renderResult({ images, totals }: MirrorResult, paint: Paint): string {
  const { copied, upToDate, failed, bytes, requests } = totals
  const failures = images.flatMap(({ source, error }) => (error === undefined ? [] : [{ source, error }]))
  const [first] = failures
  const others = first && failures.filter(({ error }) => causeOf(error) !== causeOf(first.error)).length
  const why =
    first === undefined
      ? ''
      : ` (${first.source}: ${first.error.message}${others ? `; and ${others} for other reasons` : ''})`
  return [
    count(totals.images, 'image'),
    `${copied} copied${bytes.sent > 0 ? ` (${formatBytes(bytes.sent)})` : ''}`,
    `${upToDate} up to date`,
    failed === 0 ? '0 failed' : `${paint('red', `${failed} failed`)}${why}`,
    count(requests.source + requests.target, 'request'),
    formatSeconds(totals.seconds),
  ].join(', ')
}
