import type { VerifyResult } from '@gpreg/core'
import { plain, type Paint, type Style } from './text/paint.ts'
import { count, formatBytes, formatSeconds } from './text/units.ts'

const STYLES: Readonly<Record<string, Style>> = {
  missing: 'red',
  different: 'red',
  incomplete: 'red',
  unreadable: 'yellow',
}

/** Every problem, then the totals. */
export function renderVerify({ images, totals }: VerifyResult, paint: Paint = plain): string {
  const troubled = images.filter(({ status }) => status !== 'ok')
  const read = totals.bytes === 0 ? '' : `, ${formatBytes(totals.bytes)} read back`
  return [
    ...troubled.flatMap(({ target, status, expected, found, problems }) => [
      `${paint(STYLES[status] ?? 'red', status)} ${target}`,
      ...(status === 'different' ? [`  expected ${expected}`, `  found    ${found}`] : []),
      ...problems.map(
        ({ message, digest }) =>
          `  ${message}${digest === undefined || message.includes(digest) ? '' : ` (${digest})`}`,
      ),
    ]),
    ...(totals.incomplete + totals.missing === 0
      ? []
      : [
          `${paint('cyan', 'hint:')} gpreg mirror --repair and gpreg bundle load --repair send what is missing, and nothing else`,
        ]),
    `${count(totals.images, 'image')}: ${totals.ok} ok, ${totals.missing} missing, ${totals.different} different, ` +
      `${totals.incomplete} incomplete, ${totals.unreadable} unreadable`,
    `${totals.checked} manifests and blobs checked${read}, ${formatSeconds(totals.seconds)}`,
  ].join('\n')
}
