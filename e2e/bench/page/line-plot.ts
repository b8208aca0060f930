import { medianOf, type Part } from '../results.ts'
import { picture } from './svg.ts'

const [WIDTH, LEFT, RIGHT, BAR, GAP, HEAD] = [720, 90, 150, 18, 6, 34]

/** Draws the wall times over a line to the source: a panel for each workload, a bar for each contestant. */
export function drawLine({ about, series }: Part): string {
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(1, ...series.map(each => medianOf(each, 'wall') ?? 0))
  const shapes: string[] = []
  let y = 8
  for (const [phase, mine] of Map.groupBy(series, each => each.phase)) {
    shapes.push(`<text class="head" x="0" y="${y + 16}">${phase}, seconds</text>`)
    y += HEAD
    for (const each of mine) {
      const wall = medianOf(each, 'wall')
      const length = (wall ?? 0) * scale
      const text = wall === undefined ? 'failed' : wall.toFixed(1)
      const fill = each.contestant === 'gpreg' ? 'ours' : 'other'
      shapes.push(
        `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${each.contestant}</text>`,
        `<rect class="${fill}" x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}"/>`,
        `<text x="${(LEFT + length + 6).toFixed(1)}" y="${y + 13}">${text}</text>`,
      )
      y += BAR + GAP
    }
    y += 10
  }
  return picture(WIDTH, y, `wall time over ${about}`, shapes)
}
