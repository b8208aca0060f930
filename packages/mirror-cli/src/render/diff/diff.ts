import type { Diff, DiffImage, MirrorPlan } from '@gpreg/core'
import { plain, type Paint, type Style } from '../text/paint.ts'
import { renderTable } from '../text/table.ts'
import { count, formatBytes } from '../text/units.ts'

/** The answer of `gpreg diff --json`; `target` is what the registry of `--to` lacks. */
export type DiffAnswer = Diff & { readonly target?: { readonly name: string } & MirrorPlan['totals'] }

const MARKS: Readonly<Record<DiffImage['status'], readonly [string, Style]>> = {
  added: ['+', 'green'],
  removed: ['-', 'red'],
  changed: ['~', 'yellow'],
}

/** A row for each image that differs, the configuration that changes with it, then the bytes. */
export function renderDiff(diff: DiffAnswer, paint: Paint = plain): string {
  const { images, totals, from, to, target } = diff
  const { added, removed, changed, unchanged } = totals.images
  const table = renderTable(['  IMAGE', 'FROM', 'TO', 'NEW LAYERS', 'KEPT', 'NEW BYTES'], images.map(row), [
    'NEW LAYERS',
    'KEPT',
    'NEW BYTES',
  ])
  const [head = '', ...rows] = table.split('\n')
  return [
    ...(images.length === 0
      ? []
      : [head, ...rows.map((line, index) => paintRow(line, images[index], paint)), '']),
    ...renderConfiguration(diff),
    `${from.name} to ${to.name}: ${added} added, ${removed} removed, ${changed} changed, ${unchanged} the same`,
    `to carry: ${formatBytes(totals.carry.bytes)} in ${count(totals.carry.blobs, 'blob')} that ${from.name} has not`,
    ...(totals.send === undefined || totals.send.bytes === totals.carry.bytes
      ? []
      : [
          `to mirror: ${formatBytes(totals.send.bytes)} in ${count(totals.send.blobs, 'blob')}, ${
            totals.send.bytes > totals.carry.bytes
              ? 'because a mirror looks for a blob only in the repositories that need it'
              : 'because a mirror passes over new signatures of images that are up to date'
          }`,
        ]),
    ...(totals.drop === undefined
      ? []
      : [`no longer needed: ${formatBytes(totals.drop.bytes)} in ${count(totals.drop.blobs, 'blob')}`]),
    ...(target === undefined
      ? []
      : [
          `${target.name} now: ${formatBytes(target.bytes.send)} to send in ${count(target.blobs.send, 'blob')}, ${formatBytes(target.bytes.mount)} to mount, ${formatBytes(target.bytes.present)} there; ${count(target.upToDate, 'image')} up to date`,
        ]),
  ].join('\n')
}

function row({ name, status, from, to, blobs }: DiffImage): string[] {
  const version = (side: DiffImage['from']) => side?.name.slice(name.length).replace(/^[:@]/, '') ?? '-'
  const bytes = blobs?.added.reduce((sum, { size }) => sum + size, 0)
  return [
    `${MARKS[status][0]} ${name}`,
    version(from),
    version(to),
    ...(blobs === undefined || bytes === undefined
      ? ['?', '?', '?']
      : [String(blobs.added.length), String(blobs.kept), formatBytes(bytes)]),
  ]
}

function paintRow(line: string, image: DiffImage | undefined, paint: Paint): string {
  return image === undefined ? line : paint(MARKS[image.status][1], line)
}

function renderConfiguration({ configuration }: Diff): string[] {
  if (configuration.length === 0) return []
  return [
    'installer configuration:',
    ...configuration.map(({ from, to, since }) => `  ${from} is ${to} (moved with ${since})`),
    '',
  ]
}
