import { describe, expect, it } from 'vitest'
import { bestPeer, judge } from './bars.ts'
import { part, sample, series } from './samples.ts'
import type { Part } from './results.ts'

const found = (parts: readonly Part[]) =>
  Object.fromEntries(judge(parts).map(({ what, found, met }) => [what, { found, met }]))

describe('bars', () => {
  it('compare medians with the peer that is best in that figure, not with the baseline or with gpreg before', () => {
    const copies = part(
      'copies',
      series('cold', 'gpreg', 4, 100, 5),
      series('cold', 'before', 1),
      series('cold', 'baseline', 2),
      series('cold', 'oras', sample(20, { cpu: 1 })),
      series('cold', 'skopeo', sample(10, { cpu: 9 })),
    )
    expect(bestPeer(copies, 'cold', 'wall')?.contestant).toBe('skopeo')
    const bars = found([copies])
    expect(bars['cold wall / fastest peer (skopeo)']).toEqual({ found: 0.5, met: true })
    expect(bars['cold CPU / leanest peer (oras)']).toEqual({ found: 2.5, met: false })
    expect(bars['cold wall / baseline']).toEqual({ found: 2.5, met: false })
  })

  it('are neither met nor missed if one side did not run', () => {
    expect(found([part('copies', series('cold', 'gpreg', 4))])).toEqual({
      'cold wall / fastest peer (none ran)': {},
      'cold wall / baseline': {},
      'cold CPU / leanest peer (none ran)': {},
      'unchanged wall / fastest peer (none ran)': {},
    })
  })

  it('do not take a peer that failed in every round for the fastest', () => {
    const failed = { ...series('cold', 'crane'), failed: 5 }
    expect(bestPeer(part('copies', failed, series('cold', 'oras', 9)), 'cold', 'wall')?.contestant).toBe(
      'oras',
    )
  })

  it('measure a start above bare Node, memory in MB and its growth', () => {
    const bars = found([
      part('start', series('bare Node', 'node', 0.05), series('--version', 'gpreg', 0.15)),
      part(
        'memory',
        series('1 GB', 'gpreg', sample(1, { rss: 140e6 })),
        series('10 GB', 'gpreg', sample(1, { rss: 154e6 })),
      ),
    ])
    expect(bars['start of --version above bare Node']!.found).toBeCloseTo(0.1)
    expect(bars['peak RSS, 1 GB of layers']).toEqual({ found: 140, met: true })
    expect(bars['peak RSS, 10 GB / 1 GB of layers']).toEqual({ found: 1.1, met: false })
  })

  it('compare planning with the commit before, and the time of one image of 10,000 with one of 1,000', () => {
    const planning = part(
      'planning',
      series('1,000 images', 'gpreg', 2),
      series('10,000 images', 'gpreg', 10),
      series('10,000 images', 'before', 20),
    )
    const bars = found([planning])
    expect(bars['planning 10,000, wall / commit before']).toEqual({ found: 0.5, met: true })
    expect(bars['planning, time an image / at 1,000']).toEqual({ found: 0.5, met: true })
  })
})
