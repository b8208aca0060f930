import { describe, expect, it } from 'vitest'
import { median } from './results.ts'
import { part, sample, series } from './samples.ts'
import { barRows, partRows, table } from './table.ts'

describe('tables', () => {
  it('have the median, the range, and only columns that a series has a value for', () => {
    const copies = part(
      'copies',
      series('cold', 'gpreg', sample(3, { requests: 7 }), sample(1, { requests: 9 })),
      { ...series('cold', 'oras', 4), failed: 1 },
    )
    expect(partRows([copies])).toEqual([
      ['', '', 'wall s', 'range', 'CPU s', 'peak RSS MB', 'requests', 'stolen CPU s', 'runs'],
      ['cold', 'gpreg', '2.00', '1.00–3.00', '1.00', '100', '8', '0.00', '2'],
      ['cold', 'oras', '4.00', '4.00–4.00', '2.00', '100', '-', '0.00', '1, 1 failed'],
    ])
  })

  it('name the part if there are several', () => {
    const rows = partRows([
      part('verify', series('deep', 'gpreg', 1)),
      part('memory', series('1 GB', 'gpreg', 1)),
    ])
    expect(rows.map(([first]) => first)).toEqual(['', 'verify: deep', 'memory: 1 GB'])
  })

  it('say by how much a bar is met or missed', () => {
    const bars = [
      { what: 'a', limit: 0.5, found: 0.4, met: true },
      { what: 'b', limit: 150, found: 153, met: false, unit: 'MB' as const },
      { what: 'c', limit: 1 },
    ]
    expect(barRows(bars).slice(1)).toEqual([
      ['a', '0.40', '0.5', 'met by 20 %'],
      ['b', '153 MB', '150 MB', 'MISSED by 3.00 MB'],
      ['c', '-', '1', 'not compared'],
    ])
  })

  it('align figures to the right in a terminal', () => {
    const rows = [
      ['', 'wall s'],
      ['gpreg', '7.50'],
      ['oras', '12.80'],
    ]
    expect(table(rows)).toBe('       wall s\ngpreg    7.50\noras    12.80')
  })
})

describe('the median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect([median([3, 1, 10]), median([4, 1, 3, 100]), median([])]).toEqual([3, 3.5, undefined])
  })
})
