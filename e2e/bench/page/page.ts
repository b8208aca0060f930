import type { BenchRun, Machine } from '../results.ts'
import { barRows, isFigures, partRows } from '../table.ts'

const BEGIN = '<!-- bench: written by `npm run bench -- --page` from the newest file in e2e/bench/results -->'
const END = '<!-- /bench -->'

/** Writes the figures of a run between the two markers of the page. @param run undefined: there is none yet */
export function fillPage(page: string, run: BenchRun | undefined): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`the markers ${BEGIN} and ${END} are missing`)
  const figures = run === undefined ? 'No run of all parts is kept yet.' : describeRun(run)
  return `${page.slice(0, begin + BEGIN.length)}\n\n${figures}\n\n${page.slice(end)}`
}

function describeRun(run: BenchRun): string {
  const { started, commit, rounds, scale, leftOut, machine, parts, bars } = run
  const minutes = parts.reduce((sum, { seconds }) => sum + seconds, 0) / 60
  const [copies, others] = [
    parts.filter(({ name }) => name === 'copies'),
    parts.filter(({ name }) => name !== 'copies'),
  ]
  return [
    `${started.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, ${rounds} rounds in ${minutes.toFixed(0)} minutes. ${describeMachine(machine)}`,
    ...(scale === 1 ? [] : [`**A quick run at ${scale} of all sizes, which proves nothing.**`]),
    ...leftOut.map(({ name, why }) => `Left out: ${name}, because ${why.split('\n', 1)[0]}.`),
    markdownTable(barRows(bars)),
    ...copies.map(part => `A copy: ${part.about}.\n\n${markdownTable(partRows([part]))}`),
    ...(others.length > 0 ? [`The other parts:\n\n${markdownTable(partRows(others))}`] : []),
  ].join('\n\n')
}

function describeMachine({ cores, processor, memory, system, kernel, versions }: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${cores} cores (${processor}), ${(memory / 2 ** 30).toFixed(0)} GiB, ${system}, kernel ${kernel}, ${programs.join(', ')}.`
}

/** The first row is the head. Columns of figures are aligned to the right. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const alignment = head.map((_, at) => (isFigures(rows, at) ? '---:' : '---'))
  const strong = (cells: readonly string[]) => cells.map(cell => (cell === 'gpreg' ? '**gpreg**' : cell))
  return [head, alignment, ...body.map(strong)].map(line).join('\n')
}
