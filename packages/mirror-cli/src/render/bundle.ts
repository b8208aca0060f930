import type { BundleInspection, BundleVerifyResult, LoadResult, SaveResult } from '@gpreg/core'
import { renderFailures, renderMirror } from './mirror.ts'
import { plain, type Paint } from './text/paint.ts'
import { renderTable } from './text/table.ts'
import { count, formatBytes, formatSeconds } from './text/units.ts'

/** The failures, the files that were written, then the totals. */
export function renderSave(result: SaveResult, paint: Paint = plain): string {
  const { path, images, volumes, beside, totals, leftOut, signed, lock } = result
  const bytes = volumes.reduce((sum, { size }) => sum + size, 0)
  return [
    ...renderFailures(images, paint),
    ...(lock === undefined
      ? [`${path} is not whole: run the same command again, or leave out what failed`]
      : []),
    ...volumes.map(({ name, size }) => `${name}  ${formatBytes(size)}`),
    ...beside.flatMap(({ name, size, sha256 }) => [
      `${name}  ${formatBytes(size)}, to run gpreg with on a machine that has no Node; check it there by sha256sum -c:`,
      `${sha256}  ${name}`,
    ]),
    `${count(totals.images, 'image')}: ${totals.copied} saved, ${totals.upToDate} up to date, ${totals.failed} failed`,
    `${count(totals.blobs.sent, 'blob')} written (${formatBytes(totals.bytes.sent)}), ` +
      (leftOut.blobs > 0
        ? `${leftOut.blobs} left out (${formatBytes(leftOut.bytes)})`
        : `${totals.blobs.present} already there (${formatBytes(totals.bytes.present)})`),
    `${volumes.length === 0 ? '' : `${formatBytes(bytes)} on disk, `}${signed ? 'signed' : 'not signed'}, ${formatSeconds(totals.seconds)}`,
  ].join('\n')
}

export function renderLoad(result: LoadResult, paint: Paint = plain): string {
  const missing = (result.missing ?? []).map(
    ({ digest, size, bundle }) =>
      `${paint('red', 'missing')} ${digest}  ${formatBytes(size)}${bundle === undefined ? '' : `  was in ${bundle}`}`,
  )
  return [...missing, renderMirror(result, paint)].join('\n')
}

const SIGNATURES = {
  valid: 'signature valid',
  unchecked: 'signature not checked',
  absent: 'not signed',
} as const

/** Every problem, the files that must be sent again, then the totals. */
export function renderBundleVerify(result: BundleVerifyResult, paint: Paint = plain): string {
  const { problems, resend, volumes, beside, signature, totals } = result
  return [
    ...problems.flatMap(({ message, digest, images = [], volumes: at = [] }) => [
      `${paint('red', 'error:')} ${message}${digest === undefined || message.includes(digest) ? '' : ` (${digest})`}`,
      ...(at.length === 0 ? [] : [`       in ${at.join(', ')}`]),
      ...(images.length === 0 ? [] : [`       needed by ${images.join(', ')}`]),
    ]),
    ...(resend.length === 0 ? [] : [`${paint('cyan', 'hint:')}  send again: ${resend.join(', ')}`]),
    ...beside.flatMap(({ name, status }) =>
      status === 'missing'
        ? [`${paint('yellow', 'not here')} ${name}, which was written beside the bundle`]
        : [],
    ),
    `${volumes.length === 0 ? 'a directory' : count(volumes.length, 'volume')}, ${count(totals.images, 'image')}, ${SIGNATURES[signature]}: ${problems.length === 0 ? 'ok' : count(problems.length, 'problem')}`,
    `${totals.checked} manifests and blobs checked, ${formatBytes(totals.bytes)} read, ${formatSeconds(totals.seconds)}`,
  ].join('\n')
}

export function renderInspection({
  images,
  volumes,
  base,
  created,
  tool,
  signature,
  totals,
}: BundleInspection): string {
  const rows = images.flatMap(({ paths, platforms, digest, bytes, referrers }) =>
    paths.map(path => [
      path,
      platforms.join(' ') || '-',
      digest.slice(0, 19),
      formatBytes(bytes),
      referrers.map(({ type }) => type).join(' ') || '-',
    ]),
  )
  return [
    renderTable(['IMAGE', 'PLATFORMS', 'DIGEST', 'SIZE', 'SIGNATURES'], rows, ['SIZE']),
    '',
    ...volumes.map(({ name, size }) => `${name}  ${formatBytes(size)}`),
    `${count(totals.images, 'image')}, ${count(totals.blobs, 'blob')} (${formatBytes(totals.bytes)}), created ${created}${tool === undefined ? '' : ` by ${tool}`}, ${SIGNATURES[signature]}`,
    ...(base === undefined
      ? []
      : [
          `based on a receipt of ${base.created} (${base.receipt.slice(0, 19)}): ${count(base.blobs, 'blob')} left out (${formatBytes(base.bytes)})`,
        ]),
  ].join('\n')
}
