import type { MirrorPlan, MirrorResult, ShardTotals } from '@gpreg/core'
import { causeOf } from './error/cause.ts'
import { nextStep } from './error/hints.ts'
import { plain, type Paint } from './text/paint.ts'
import { renderTable } from './text/table.ts'
import { count, formatBytes, formatSeconds } from './text/units.ts'

/** The failures, then a summary. */
export function renderMirror({ images, totals, shard }: MirrorResult, paint: Paint = plain): string {
  const { bytes, blobs } = totals
  return [
    ...renderFailures(images, paint),
    ...images.flatMap(({ target, referrers }) =>
      referrers === undefined ? [] : [`${paint('yellow', 'signatures unknown')} ${target}`],
    ),
    `${count(totals.images, 'image')}: ${totals.copied} copied, ${totals.upToDate} up to date, ${failed(totals.failed, paint)}`,
    ...renderServerSide(totals),
    `${count(blobs.sent, 'blob')} sent (${formatBytes(bytes.sent)}), ${blobs.mounted} mounted (${formatBytes(bytes.mounted)}), ` +
      `${blobs.present} already there (${formatBytes(bytes.present)})`,
    ...(shard === undefined ? [] : [renderShard(shard)]),
    `${count(totals.requests.source, 'request')} to sources, ${totals.requests.target} to the target, ` +
      `${totals.retries} tried again, ${formatSeconds(totals.seconds)}`,
  ].join('\n')
}

function renderServerSide({ serverSide, copied }: MirrorResult['totals']): string[] {
  if (serverSide === undefined) return []
  return [
    `of the copied, the registry fetched ${serverSide} by itself, and ${copied - serverSide} came over this line`,
  ]
}

/** One row for each image, then the failures and the totals. */
export function renderPlan(
  { images, totals, shard, dockerHub, disk }: MirrorPlan,
  paint: Paint = plain,
): string {
  const rows = images.map(({ target, status, send, mount, present }) => [
    target,
    status,
    ...(status === 'to-copy' ? [send, mount, present].map(formatBytes) : ['-', '-', '-']),
  ])
  return [
    renderTable(['TARGET', 'STATUS', 'SEND', 'MOUNT', 'PRESENT'], rows, ['SEND', 'MOUNT', 'PRESENT']),
    '',
    ...renderFailures(images, paint),
    `${count(totals.images, 'image')}: ${totals.toCopy} to copy, ${totals.upToDate} up to date, ${failed(totals.failed, paint)}`,
    `to send ${formatBytes(totals.bytes.send)} in ${count(totals.blobs.send, 'blob')}, to mount ${formatBytes(totals.bytes.mount)}, ` +
      `already there ${formatBytes(totals.bytes.present)}`,
    ...(shard === undefined ? [] : [renderShard(shard)]),
    ...(disk === undefined
      ? []
      : [`disk needed: ${formatBytes(disk.needed)}, free: ${formatBytes(disk.free)}`]),
    ...(dockerHub === undefined
      ? []
      : [`Docker Hub pulls needed: ${dockerHub.pullsNeeded}, left: ${dockerHub.pullsLeft ?? 'not said'}`]),
  ].join('\n')
}

function renderShard({ index, count, own, takenOver }: ShardTotals): string {
  const taken = takenOver === 0 ? '' : `, and ${formatBytes(takenOver)} sent for shards that had stalled`
  return `shard ${index}/${count}: its share is ${formatBytes(own)}${taken}`
}

interface Outcome {
  readonly source: string
  readonly target?: string
  readonly status: string
  readonly error?: { readonly code?: string; readonly message: string; readonly hint?: string | undefined }
}

const UNKNOWN: NonNullable<Outcome['error']> = { message: 'no reason given' }

/** Images with one cause that are named; the others are counted. */
const NAMED = 3

/** Causes that are told; the images of the others are counted. Together they fit a screen of 24 lines. */
const CAUSES = 3

/**
 * For each cause its images and the reason as an error, and the hint if there is one. A cause that hits many images, such as a
 * registry that refuses the login, is told once, with the most frequent ones first.
 */
export function renderFailures(images: readonly Outcome[], paint: Paint): string[] {
  const failures = images.filter(({ status }) => status === 'failed')
  const groups = [...Map.groupBy(failures, ({ error }) => causeOf(error ?? UNKNOWN)).values()].toSorted(
    (a, b) => b.length - a.length,
  )
  const others = groups.slice(CAUSES).flat().length
  return [
    ...groups.slice(0, CAUSES).flatMap(outcomes => renderCause(outcomes, paint)),
    ...(others > 0
      ? [
          `${paint('red', 'error:')} ${count(others, 'image')} failed for other reasons, all in the answer of --json`,
        ]
      : []),
  ]
}

function renderCause(outcomes: readonly Outcome[], paint: Paint): string[] {
  const [first] = outcomes
  const error = first?.error ?? UNKNOWN
  const hint = nextStep(error)
  const isOne = outcomes.length === 1
  const more = outcomes.length - NAMED
  return [
    `${paint('red', 'error:')} ${isOne ? first?.source : count(outcomes.length, 'image')} failed: ${error.message}`,
    ...(isOne ? arrow(first?.target) : outcomes.slice(0, NAMED).map(each => `       ${each.source}`)),
    ...(more > 0 ? [`       and ${more} more, all in the answer of --json`] : []),
    ...(hint === undefined ? [] : [`${paint('cyan', 'hint:')}  ${hint}`]),
  ]
}

function arrow(target: string | undefined): string[] {
  return target === undefined ? [] : [`       -> ${target}`]
}

function failed(number: number, paint: Paint): string {
  return number === 0 ? '0 failed' : paint('red', `${number} failed`)
}
