import { divide, findSeries, medianOf, type BenchRun } from '../results.ts'
import { picture } from './svg.ts'

export const RATIOS = ['cold wall / skopeo', 'cold wall / baseline', 'cold CPU / skopeo'] as const

/** Ratios of one run. A ratio is there if both contestants ran. */
export interface Point {
  /** below the axis, such as `11-23` */
  readonly label: string
  readonly ratios: Readonly<Partial<Record<(typeof RATIOS)[number], number>>>
}

export function pointOf({ started, parts }: BenchRun): Point {
  const copies = parts.find(({ name }) => name === 'copies')
  const ratio = (other: string, key: 'wall' | 'cpu') =>
    divide(
      medianOf(findSeries(copies, 'cold', 'gpreg'), key),
      medianOf(findSeries(copies, 'cold', other), key),
    )
  const found = [ratio('skopeo', 'wall'), ratio('baseline', 'wall'), ratio('skopeo', 'cpu')]
  const ratios = RATIOS.flatMap((name, at) => (found[at] === undefined ? [] : [[name, found[at]] as const]))
  return { label: started.slice(5, 10), ratios: Object.fromEntries(ratios) }
}

const [WIDTH, HEIGHT] = [720, 260]
/** Of names beside the lines, and of labels below the axis. */
const [LINE_HEIGHT, MOST_LABELS] = [16, 10]
const PLOT = { left: 40, right: 540, top: 16, bottom: 226 }

const x = (at: number, of: number) => PLOT.left + ((at + 0.5) * (PLOT.right - PLOT.left)) / of
const y = (ratio: number) => PLOT.bottom - ratio * (PLOT.bottom - PLOT.top)

/** Draws each ratio over the runs, the oldest to the left. At 1 gpreg takes as long as the other. */
export function drawHistory(points: readonly Point[]): string {
  const label = 'gpreg relative to skopeo and to the baseline, run by run'
  return picture(WIDTH, HEIGHT, label, [...drawAxes(points), ...drawLines(points), ...drawNames(points)])
}

function drawAxes(points: readonly Point[]): string[] {
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap(ratio => [
    `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(ratio)}" y2="${y(ratio)}"/>`,
    `<text class="quiet" x="${PLOT.left - 6}" y="${y(ratio) + 4}" text-anchor="end">${ratio}</text>`,
  ])
  const every = Math.ceil(points.length / MOST_LABELS)
  const labels = points.map(
    ({ label }, at) =>
      `<text class="quiet" x="${x(at, points.length).toFixed(1)}" y="${PLOT.bottom + 18}" text-anchor="middle">${label}</text>`,
  )
  return [...grid, ...labels.filter((_, at) => at % every === 0)]
}

function drawLines(points: readonly Point[]): string[] {
  return RATIOS.flatMap((name, nth) => {
    const known = points.flatMap(({ ratios }, at) => {
      const ratio = ratios[name]
      return ratio === undefined ? [] : [[x(at, points.length).toFixed(1), y(ratio).toFixed(1)] as const]
    })
    return [
      `<polyline class="line${nth}" points="${known.map(place => place.join(',')).join(' ')}"/>`,
      ...known.map(([cx, cy]) => `<circle class="dot${nth}" cx="${cx}" cy="${cy}" r="3.5"/>`),
    ]
  })
}

/** Writes the name and the newest value of each ratio beside the end of its line, and apart from one another. */
function drawNames(points: readonly Point[]): string[] {
  const newest = RATIOS.flatMap((name, nth) => {
    const ratio = points.findLast(({ ratios }) => ratios[name] !== undefined)?.ratios[name]
    return ratio === undefined ? [] : [{ nth, ratio, text: `${name} ${ratio.toFixed(2)}` }]
  })
  let lowest = -Infinity
  return newest
    .toSorted((a, b) => b.ratio - a.ratio)
    .map(({ nth, ratio, text }) => {
      lowest = Math.max(lowest + LINE_HEIGHT, y(ratio) + 4)
      return `<text class="dot${nth}" x="${PLOT.right + 10}" y="${lowest.toFixed(1)}">${text}</text>`
    })
}
