import { readFile } from 'node:fs/promises'
import type { LineRun } from './lines.ts'
import { median } from './report.ts'

/**
 * Draws the output of `bench -- --line KIND --json FILE`: wall time by contestant, one panel for each workload.
 *
 * node e2e/bench/plot.ts FILE… > docs/lines.svg
 */
const runs = (
  await Promise.all(
    process.argv.slice(2).map(async file => JSON.parse(await readFile(file, 'utf8')) as LineRun[]),
  )
).flat()
console.log(plot(runs))

function plot(all: readonly LineRun[]): string {
  const [width, left, bar, gap, head] = [720, 90, 18, 6, 34]
  const scale = (width - left - 150) / Math.max(...all.map(({ wall }) => wall ?? 0))
  const parts: string[] = []
  let y = 8
  for (const workload of new Set(all.map(run => run.workload))) {
    parts.push(`<text x="0" y="${y + 16}" font-weight="bold">${workload}, seconds</text>`)
    y += head
    const names = new Set(all.filter(run => run.workload === workload).map(run => run.contestant))
    for (const name of names) {
      const mine = all.filter(run => run.workload === workload && run.contestant === name)
      const wall = median(mine.flatMap(run => run.wall ?? []))
      const ratio = median(mine.map(({ passed, unique }) => passed / unique))!
      const length = wall === undefined ? 0 : wall * scale
      const fill = name === 'gpreg' ? '#1f6feb' : '#8c959f'
      const text = `${wall === undefined ? 'failed' : wall.toFixed(1)} (${ratio.toFixed(2)} × the bytes)`
      parts.push(
        `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${name}</text>`,
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${bar}" fill="${fill}"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y + 13}">${text}</text>`,
      )
      y += bar + gap
    }
    y += 10
  }
  const style = 'font-family="sans-serif" font-size="13"'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" ${style}>`,
    `<rect width="${width}" height="${y}" fill="#fff"/>`,
    ...parts,
    '</svg>',
  ].join('\n')
}
