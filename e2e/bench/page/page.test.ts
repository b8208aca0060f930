import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { benchRun, part, series } from '../samples.ts'
import { drawHistory, pointOf } from './history.ts'
import { drawLine } from './line-plot.ts'
import { fillPage } from './page.ts'
import { newestRun, resultFile } from './runs.ts'
import { makePage } from './write.ts'

const copies = part(
  'copies',
  series('cold', 'gpreg', 6),
  series('cold', 'skopeo', 10),
  series('unchanged', 'gpreg', 0.4),
)

describe('the page of the benchmarks', () => {
  it('says what its newest run says, as do its pictures', async () => {
    for (const [name, text] of await makePage(await newestRun())) {
      const written = await readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
      expect(written, `docs/${name} is stale: npm run bench -- --page`).toBe(text)
    }
  })

  it('has at most 150 lines', async () => {
    const [[, text]] = [...(await makePage(await newestRun()))] as [[string, string]]
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
  })

  it('takes figures between its markers, whatever stood there', () => {
    const empty =
      'before\n\n<!-- bench: written by `npm run bench -- --page` from the newest file in e2e/bench/results -->\nstale figures\n<!-- /bench -->\n\nafter\n'
    const filled = fillPage(empty, benchRun([copies], { scale: 0.05 }))
    expect(filled).toMatch(
      /^before\n[^]*\| cold \| \*\*gpreg\*\* \| 6\.00 \|[^]*<!-- \/bench -->\n\nafter\n$/,
    )
    expect(filled).toContain('2026-11-28 20:15 UTC, commit abc1234')
    expect(filled).toContain('proves nothing')
    expect(filled).not.toContain('stale figures')
    expect(fillPage(filled, benchRun([copies], { scale: 0.05 }))).toBe(filled)
    const leftOut = [{ name: 'wan' as const, why: '21 min have passed' }]
    expect(fillPage(empty, benchRun([], { leftOut }))).toContain('Left out: wan, because 21 min have passed.')
    expect(() => fillPage('no markers', undefined)).toThrow('missing')
  })

  it('keeps the name of a result file in the order of time', () => {
    expect(resultFile(new Date('2026-11-28T20:15:59Z'))).toMatch(
      /e2e\/bench\/results\/2026-11-28-2015\.json$/,
    )
  })
})

describe('pictures', () => {
  it('draw a point of history for each run, and leave out a contestant that did not run', () => {
    const point = pointOf(benchRun([copies]))
    expect(point).toEqual({ label: '11-28', ratios: { 'cold wall / skopeo': 0.6, 'cold CPU / skopeo': 0.6 } })
    const svg = drawHistory([point, point])
    expect(svg.match(/<circle class="dot0"/g)).toHaveLength(2)
    expect(svg).not.toContain('cold wall / baseline 0')
    expect(svg).toContain('prefers-color-scheme: dark')
  })

  it('draw a bar for each contestant over the line, as long as its time', () => {
    const svg = drawLine(
      part(
        'wan',
        series('one layer', 'gpreg', 10),
        series('one layer', 'skopeo', 40),
        series('one layer', 'crane'),
      ),
    )
    const widths = [...svg.matchAll(/<rect class="\w+" x="90" y="\d+" width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    )
    expect(widths).toEqual([120, 480, 0])
    expect(svg).toContain('>failed<')
  })
})
