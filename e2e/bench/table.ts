import { median, medianOf, type Bar, type BenchRun, type Part, type Sample, type Series } from './results.ts'

/** A column of a part's table. A column that no series has a value for is left out. */
interface Column {
  readonly head: string
  cell(series: Series): string | undefined
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)

function column(head: string, key: keyof Sample, format: (value: number) => string): Column {
  return {
    head,
    cell(series) {
      const value = medianOf(series, key)
      return value === undefined ? undefined : format(value)
    },
  }
}

const COLUMNS: readonly Column[] = [
  column('wall s', 'wall', value => value.toFixed(2)),
  { head: 'range', cell: range },
  column('CPU s', 'cpu', value => value.toFixed(2)),
  column('peak RSS MB', 'rss', value => (value / 1e6).toFixed(0)),
  column('requests', 'requests', value => value.toFixed(0)),
  column('MB read', 'read', megabytes),
  column('MB written', 'written', megabytes),
  column('MB on disk', 'disk', megabytes),
  column('stolen CPU s', 'stolen', value => value.toFixed(2)),
  { head: 'runs', cell: ({ runs, failed }) => `${runs.length}${failed > 0 ? `, ${failed} failed` : ''}` },
]

/** The rows of parts, with a head: medians of the runs, one row a series. Series of several parts say which part they are of. */
export function partRows(parts: readonly Part[]): string[][] {
  const all = parts.flatMap(({ name, series }) =>
    series.map(each => ({ each, label: parts.length > 1 ? `${name}: ${each.phase}` : each.phase })),
  )
  const columns = COLUMNS.filter(({ cell }) => all.some(({ each }) => cell(each) !== undefined))
  const rows = all.map(({ each, label }) => [
    label,
    each.contestant,
    ...columns.map(({ cell }) => cell(each) ?? '-'),
  ])
  return [['', '', ...columns.map(({ head }) => head)], ...rows]
}

/** The rows of the bars, with a head: what was found, the limit, and by how much it is met or missed. */
export function barRows(bars: readonly Bar[]): string[][] {
  const rows = bars.map(bar => [
    bar.what,
    bar.found === undefined ? '-' : text(bar.found, bar),
    `${bar.limit}${bar.unit === undefined ? '' : ` ${bar.unit}`}`,
    verdict(bar),
  ])
  return [['bar', 'found', 'at most', ''], ...rows]
}

/** A ratio is met or missed by a part of its limit, another value by its distance. */
function verdict(bar: Bar): string {
  const { limit, found, unit } = bar
  if (found === undefined) return 'not compared'
  const percent = Math.abs(found / limit - 1) * 100
  const distance =
    unit === undefined ? `${percent.toFixed(percent < 10 ? 1 : 0)} %` : text(Math.abs(found - limit), bar)
  return `${found <= limit ? 'met' : 'MISSED'} by ${distance}`
}

function text(value: number, { unit }: Bar): string {
  return `${value.toFixed(unit === 'MB' && value >= 10 ? 0 : 2)}${unit === undefined ? '' : ` ${unit}`}`
}

function range({ runs }: Series): string | undefined {
  const walls = runs.map(({ wall }) => wall)
  if (median(walls) === undefined) return undefined
  return `${Math.min(...walls).toFixed(2)}–${Math.max(...walls).toFixed(2)}`
}

/** Whether a column of a table has figures, which are aligned to the right. The first column never has. */
export function isFigures(rows: readonly (readonly string[])[], at: number): boolean {
  return at > 0 && rows.slice(1).every(cells => /^[\d-]/.test(cells[at]!))
}

/** The rows in columns, for a terminal: text to the left, figures to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map(cells => cells[at]!.length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (isFigures(rows, at) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
  return rows.map(cells => line(cells).trimEnd()).join('\n')
}

/** A whole run, for a terminal. */
export function renderRun({ parts, bars }: Pick<BenchRun, 'parts' | 'bars'>): string {
  const tables = parts.map(part => `${part.about}\n${table(partRows([part]))}`)
  return [...tables, ...(bars.length > 0 ? [table(barRows(bars))] : [])].join('\n\n')
}
