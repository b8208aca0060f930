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
const PLOT = { left: 40, right: 540, top: 16, bottom: 226 }

/** Draws each ratio over the runs, the oldest to the left. The axis ends at 1, where gpreg takes as long as the other. */
export function drawHistory(points: readonly Point[]): string {
  const x = (at: number) => PLOT.left + ((at + 0.5) * (PLOT.right - PLOT.left)) / points.length
  const y = (ratio: number) => PLOT.bottom - ratio * (PLOT.bottom - PLOT.top)
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap(ratio => [
    `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(ratio)}" y2="${y(ratio)}"/>`,
    `<text class="quiet" x="${PLOT.left - 6}" y="${y(ratio) + 4}" text-anchor="end">${ratio}</text>`,
  ])
  const every = Math.ceil(points.length / 10)
  const labels = points.flatMap(({ label }, at) =>
    at % every === 0
      ? [
          `<text class="quiet" x="${x(at).toFixed(1)}" y="${PLOT.bottom + 18}" text-anchor="middle">${label}</text>`,
        ]
      : [],
  )
  const lines = RATIOS.flatMap((name, nth) => {
    const known = points.flatMap(({ ratios }, at) => {
      const ratio = ratios[name]
      return ratio === undefined ? [] : [{ ratio, at: `${x(at).toFixed(1)},${y(ratio).toFixed(1)}` }]
    })
    const last = known.at(-1)
    if (last === undefined) return []
    return [
      `<polyline class="line${nth}" points="${known.map(({ at }) => at).join(' ')}"/>`,
      ...known.map(({ at }) => {
        const [cx, cy] = at.split(',')
        return `<circle class="dot${nth}" cx="${cx}" cy="${cy}" r="3.5"/>`
      }),
      `<text x="${PLOT.right + 10}" y="${(y(last.ratio) + 4).toFixed(1)}" class="dot${nth}">${name} ${last.ratio.toFixed(2)}</text>`,
    ]
  })
  return picture(WIDTH, HEIGHT, 'gpreg relative to skopeo and to the baseline, run by run', [
    ...grid,
    ...labels,
    ...lines,
  ])
}
