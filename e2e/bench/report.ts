import type { Phase } from './contestants.ts'
import type { Sample } from './measure.ts'

/** All runs of one contestant. */
export interface Results {
  readonly name: string
  readonly cold: readonly Sample[]
  readonly unchanged: readonly Sample[]
}

export interface Bar {
  readonly what: string
  readonly limit: number
  /** undefined if one side of the comparison did not run */
  readonly found: number | undefined
  readonly met: boolean | undefined
}

/** Compares one promise of the project with the measured value. */
export function bar(what: string, limit: number, found: number | undefined): Bar {
  return { what, limit, found, met: found === undefined ? undefined : found <= limit }
}

/** The promises of the project. All are ratios of medians, except for memory. */
export function judge(results: readonly Results[]): Bar[] {
  const of = (name: string) => results.find(result => result.name === name)
  const [ours, skopeo, baseline] = [of('gpreg'), of('skopeo'), of('baseline')]
  const ratio = (other: Results | undefined, phase: Phase, key: 'wall' | 'cpu') => {
    const [mine, theirs] = [medianOf(ours, phase, key), medianOf(other, phase, key)]
    return mine === undefined || theirs === undefined ? undefined : mine / theirs
  }
  const peak = ours ? Math.max(...[...ours.cold, ...ours.unchanged].map(({ rss }) => rss)) / 1e6 : undefined
  return [
    bar('cold wall / skopeo', 0.65, ratio(skopeo, 'cold', 'wall')),
    bar('cold wall / baseline', 0.85, ratio(baseline, 'cold', 'wall')),
    bar('unchanged wall / skopeo', 0.25, ratio(skopeo, 'unchanged', 'wall')),
    bar('cold CPU / skopeo', 0.65, ratio(skopeo, 'cold', 'cpu')),
    bar('peak RSS in MB', 200, peak),
  ]
}

export function renderResults(results: readonly Results[]): string {
  const head = ['', 'wall s', 'range', 'CPU s', 'RSS MB', 'requests', 'MB read', 'MB written']
  return (['cold', 'unchanged'] as const)
    .map(phase => {
      const rows = results.filter(result => result[phase].length > 0).map(result => row(result, phase))
      return `${phase === 'cold' ? 'cold' : 'nothing changed'}\n${table([head, ...rows])}`
    })
    .join('\n\n')
}

export function renderBars(bars: readonly Bar[]): string {
  const rows = bars.map(({ what, limit, found, met }) => [
    what,
    found === undefined ? '-' : found.toFixed(found < 10 ? 2 : 0),
    `≤ ${limit}`,
    met === undefined ? 'not compared' : met ? 'met' : 'MISSED',
  ])
  return table([['bar', 'found', 'limit', ''], ...rows])
}

export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function medianOf(result: Results | undefined, phase: Phase, key: keyof Sample): number | undefined {
  return median(result?.[phase].map(sample => sample[key]) ?? [])
}

function row(result: Results, phase: Phase): string[] {
  const value = (key: keyof Sample) => medianOf(result, phase, key) ?? NaN
  const walls = result[phase].map(({ wall }) => wall)
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
  return [
    result.name,
    value('wall').toFixed(2),
    `${Math.min(...walls).toFixed(2)}–${Math.max(...walls).toFixed(2)}`,
    value('cpu').toFixed(2),
    (Math.max(...result[phase].map(({ rss }) => rss)) / 1e6).toFixed(0),
    value('requests').toFixed(0),
    megabytes(value('read')),
    megabytes(value('written')),
  ]
}

export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(cells => cells[column]!.length)))
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')
  return rows.map(line).join('\n')
}
