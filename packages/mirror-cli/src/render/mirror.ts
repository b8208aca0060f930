import type { MirrorPlan, MirrorResult } from '@gpreg/core'
import { plain, type Paint } from './text/paint.ts'
import { renderTable } from './text/table.ts'
import { count, formatBytes, formatSeconds } from './text/units.ts'

/** The failures, then a summary. */
export function renderMirror({ images, totals }: MirrorResult, paint: Paint = plain): string {
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
export function renderPlan({ images, totals, dockerHub, disk }: MirrorPlan, paint: Paint = plain): string {
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
    ...(disk === undefined
      ? []
      : [`disk needed: ${formatBytes(disk.needed)}, free: ${formatBytes(disk.free)}`]),
    ...(dockerHub === undefined
      ? []
      : [`Docker Hub pulls needed: ${dockerHub.pullsNeeded}, left: ${dockerHub.pullsLeft ?? 'not said'}`]),
  ].join('\n')
}

interface Outcome {
  readonly source: string
  readonly target: string
  readonly status: string
  readonly error?: { readonly message: string; readonly hint?: string }
}

/** Images with one cause that are named; the others are counted. */
const NAMED = 3

/**
 * For each cause its images and the reason, and a line with the hint if there is one. A cause that hits many images, such as a
 * registry that is down, is told once.
 */
export function renderFailures(images: readonly Outcome[], paint: Paint): string[] {
  const byCause = Map.groupBy(
    images.filter(({ status }) => status === 'failed'),
    ({ error }) => error?.message ?? 'no reason given',
  )
  return [...byCause].flatMap(([reason, outcomes]) => {
    const names = outcomes.map(({ source, target }) => `${source}\n       -> ${target}`)
    const hint = outcomes[0]?.error?.hint
    return [
      ...(names.length === 1
        ? [`${paint('red', 'failed')} ${names[0]}: ${reason}`]
        : [
            `${paint('red', 'failed')} ${count(names.length, 'image')}: ${reason}`,
            ...names.slice(0, NAMED).map(name => `       ${name}`),
            ...(names.length > NAMED
              ? [`       and ${names.length - NAMED} more, all in the answer of --json`]
              : []),
          ]),
      ...(hint === undefined ? [] : [`       ${paint('cyan', 'hint:')} ${hint}`]),
    ]
  })
}

function failed(number: number, paint: Paint): string {
  return number === 0 ? '0 failed' : paint('red', `${number} failed`)
}
