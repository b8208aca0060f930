import type { VerifyResult } from '@gpreg/core'
import { causeOf } from './error/cause.ts'
import { plain, type Paint, type Style } from './text/paint.ts'
import { count, formatBytes, formatSeconds } from './text/units.ts'

type VerifiedImage = VerifyResult['images'][number]

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
    ...[...Map.groupBy(troubled, groupOf).values()].flatMap(images => renderGroup(images, paint)),
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

/** An image that is missing or differs is told alone; those that could not be read for one reason are one group. */
function groupOf({ target, status, problems }: VerifiedImage): string {
  return status === 'unreadable' ? problems.map(causeOf).join(' ') : target
}

/** The first image of a group; the others are counted, so that the hint is on the same screen. */
function renderGroup([first, ...others]: readonly VerifiedImage[], paint: Paint): string[] {
  if (first === undefined) return []
  const hints = first.status === 'unreadable' ? first.problems.flatMap(({ hint }) => hint ?? []) : []
  return [
    ...renderImage(first, paint),
    ...(others.length > 0
      ? [`  and ${others.length} more for the same reason, all in the answer of --json`]
      : []),
    ...[...new Set(hints)].map(hint => `${paint('cyan', 'hint:')} ${hint}`),
  ]
}

function renderImage({ target, status, expected, found, problems }: VerifiedImage, paint: Paint): string[] {
  return [
    `${paint(STYLES[status] ?? 'red', status)} ${target}`,
    ...(status === 'different' ? [`  expected ${expected}`, `  found    ${found}`] : []),
    ...problems.map(
      ({ message, digest }) =>
        `  ${message}${digest === undefined || message.includes(digest) ? '' : ` (${digest})`}`,
    ),
  ]
}
