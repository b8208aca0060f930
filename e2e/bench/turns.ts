import { interrupted } from './interruption.ts'
import type { Sample, Series } from './results.ts'

/** One contestant of a part. */
export interface Turn {
  readonly name: string
  /** number of rounds in which it takes part; default: all */
  readonly rounds?: number | undefined
  /** A failure of a peer is counted; a failure of gpreg ends the measurement. Default: false. */
  readonly isPeer?: boolean
  /** Runs once. @returns the sample of each phase; a phase without a sample is not compared */
  run(): Promise<Readonly<Record<string, Sample | undefined>>>
}

/**
 * Lets contestants run in turns. Each round has another order, so that a slow minute of the machine affects all
 * contestants.
 */
export async function takeTurns(turns: readonly Turn[], rounds: number): Promise<Series[]> {
  const series = new Map<string, { phase: string; contestant: string; runs: Sample[]; failed: number }>()
  const seriesOf = (phase: string, contestant: string) => {
    const key = `${phase}\n${contestant}`
    if (!series.has(key)) series.set(key, { phase, contestant, runs: [], failed: 0 })
    return series.get(key)!
  }
  const failures = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    for (const turn of rotated(turns, round)) {
      interrupted.throwIfAborted()
      if (round >= (turn.rounds ?? rounds)) continue
      const label = `  round ${round + 1} of ${turn.rounds ?? rounds}  ${turn.name.padEnd(16)}`
      try {
        const samples = Object.entries(await turn.run()).filter(([, sample]) => sample !== undefined)
        for (const [phase, sample] of samples) seriesOf(phase, turn.name).runs.push(sample!)
        console.log(
          `${label}  ${samples.map(([phase, sample]) => `${phase} ${describe(sample!)}`).join(', ')}`,
        )
      } catch (error) {
        if (!turn.isPeer || interrupted.aborted) throw error
        failures.set(turn.name, (failures.get(turn.name) ?? 0) + 1)
        console.log(`${label}  FAILED: ${String(error).split('\n', 2).join(' ')}`)
      }
    }
  }
  return inOrder([...series.values()], turns, failures)
}

/** Phases in the order of their first sample, contestants in the given order. */
function inOrder(series: readonly Series[], turns: readonly Turn[], failures: ReadonlyMap<string, number>) {
  const phases = [...new Set(series.map(({ phase }) => phase))]
  const found = phases.flatMap(phase =>
    turns.flatMap(({ name }) => {
      const mine = series.find(each => each.phase === phase && each.contestant === name)
      return mine ? [{ ...mine, failed: failures.get(name) ?? 0 }] : []
    }),
  )
  const silent = turns.filter(({ name }) => !found.some(({ contestant }) => contestant === name))
  return [
    ...found,
    ...silent.map(({ name }) => ({
      phase: phases[0] ?? '',
      contestant: name,
      runs: [],
      failed: failures.get(name) ?? 0,
    })),
  ]
}

function describe({ wall, cpu }: Sample): string {
  return `${wall.toFixed(2)} s (CPU ${cpu.toFixed(2)} s)`
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}
