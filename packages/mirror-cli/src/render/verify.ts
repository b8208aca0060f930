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

/** Unreadable images with one cause that are named; the others are counted. */
const NAMED = 3

/** An image that is missing or differs is told alone; those that could not be read for one reason are one group. */
function groupOf({ target, status, problems }: VerifiedImage): string {
  return status === 'unreadable' ? problems.map(causeOf).join(' ') : target
}

function renderGroup(images: readonly VerifiedImage[], paint: Paint): string[] {
  const more = images.length - NAMED
  const hints = new Set(
    images[0]?.status === 'unreadable' ? images[0].problems.flatMap(({ hint }) => hint ?? []) : [],
  )
  return [
    ...images
      .slice(0, NAMED)
      .flatMap((image, at) => renderImage(at === 0 ? image : { ...image, problems: [] }, paint)),
    ...(more > 0 ? [`  and ${more} more for the same reason, all in the answer of --json`] : []),
    ...[...hints].map(hint => `${paint('cyan', 'hint:')} ${hint}`),
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
