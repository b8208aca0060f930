import type { Report } from '@gpreg/core'
import { formatBytes } from '../text/units.ts'
import {
  describeChange,
  describeReferrers,
  describeRun,
  describeSigned,
  figuresOf,
  formatDay,
  formatMoment,
  isAllGood,
  nameOf,
  problemsOf,
  shortDigest,
  STATES,
  verdictOf,
} from './words.ts'

/** The report for a ticket: headings and tables as GitHub, GitLab, Jira's and Azure's editors read them. */
export function renderMarkdown(report: Report): string {
  const { title, by, date, files, runs, images } = report
  const about = [
    ...(date === undefined ? [] : [formatMoment(date)]),
    ...(by === undefined ? [] : [`by ${by}`]),
  ]
  const moment = (iso?: string) => (iso === undefined ? '' : formatMoment(iso))
  return [
    `# ${escape(title)}`,
    ...(about.length === 0 ? [] : [escape(about.join(', '))]),
    `**${isAllGood(report) ? '✓' : '✗'} ${escape(verdictOf(report))}**`,
    table(
      ['', ''],
      figuresOf(report).map(({ label, value, note }) => [
        label,
        note === undefined ? value : `${value} (${note})`,
      ]),
    ),
    ...problemSection(report),
    '## What was done',
    table(
      ['What', 'Result', 'From', 'To', 'With', 'Document'],
      runs.map(run => {
        const { action, detail } = describeRun(run)
        return [action, detail, moment(run.started), moment(run.finished), run.tool ?? '', run.document]
      }),
    ),
    '## Images',
    table(
      ['Image', 'From', 'Digest', 'Platforms', 'Size', 'Built', 'Licence', 'Signatures', 'Why', 'State'],
      images.map(image => [
        nameOf(image),
        image.target === undefined ? '' : (image.source ?? ''),
        image.digest ?? '',
        image.platforms.join(', '),
        image.size === undefined ? '' : formatBytes(image.size),
        image.created === undefined ? '' : formatDay(image.created),
        image.licenses ?? '',
        [describeReferrers(image), describeSigned(image)].filter(Boolean).join('; '),
        image.origins.join(', '),
        [`${STATES[image.state].mark} ${STATES[image.state].word}`, describeChange(image)]
          .filter(Boolean)
          .join(', '),
      ]),
    ),
    ...(files.length === 0
      ? []
      : [
          '## Files of the bundle',
          table(
            ['File', 'Size', 'SHA-256'],
            files.map(({ name, size, sha256 = '' }) => [name, formatBytes(size), sha256]),
          ),
        ]),
  ]
    .join('\n\n')
    .concat('\n')
}

function problemSection(report: Report): string[] {
  const problems = problemsOf(report)
  if (problems.length === 0) return []
  const items = problems.map(({ cause, hint, images }) =>
    [
      `- ${escape(cause)}${hint === undefined ? '' : ` (next: ${escape(hint)})`}`,
      ...images.map(
        image =>
          `  - ${escape(nameOf(image))}${image.digest === undefined ? '' : ` ${shortDigest(image.digest)}`}`,
      ),
    ].join('\n'),
  )
  return ['## What is not all right', items.join('\n')]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(' | ')} |`
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n')
}

/** Text that no host of Markdown reads as anything but text. A line break would end a row of a table. */
function escape(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>#|~]/g, '\\$&')
    .replace(/^([-+]|\d+[.)])(?= )/, '\\$1')
}
