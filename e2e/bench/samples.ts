import type { BenchRun, Part, PartName, Sample, Series } from './results.ts'

/** Made-up figures, for tests. */
export function sample(wall: number, more: Partial<Sample> = {}): Sample {
  return { wall, cpu: wall / 2, rss: 100e6, stolen: 0, ...more }
}

export function series(phase: string, contestant: string, ...runs: (number | Sample)[]): Series {
  return {
    phase,
    contestant,
    runs: runs.map(run => (typeof run === 'number' ? sample(run) : run)),
    failed: 0,
  }
}

export function part(name: PartName, ...all: Series[]): Part {
  return { name, about: `about ${name}`, seconds: 60, series: all }
}

export function benchRun(parts: readonly Part[], more: Partial<BenchRun> = {}): BenchRun {
  return {
    kind: 'BenchRun',
    version: 1,
    started: '2026-11-28T20:15:00.000Z',
    commit: 'abc1234',
    rounds: 5,
    scale: 1,
    complete: true,
    leftOut: [],
    machine: {
      cores: 2,
      processor: 'a processor',
      memory: 24 * 2 ** 30,
      system: 'Debian',
      kernel: '6.1',
      versions: { node: '24.21.0', skopeo: '1.9.3' },
    },
    bars: [],
    parts,
    ...more,
  }
}
