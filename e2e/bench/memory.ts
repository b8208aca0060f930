import { fileURLToPath } from 'node:url'
import { startProcess } from '../support/process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { gpreg } from './contestants.ts'
import { runMeasured, type Cost } from './measure.ts'
import { median, table } from './report.ts'

const SYNTHETIC = fileURLToPath(new URL('synthetic.ts', import.meta.url))

/**
 * The large case has more and larger layers. In both cases layers are large enough for resumable uploads, which need
 * memory of their own.
 */
const [SMALL, BIG] = [
  { layers: 8, size: 125_000_000 },
  { layers: 20, size: 500_000_000 },
]
const GROWTH = 1.1
const TIMES = 3

/** Compares the peak memory for 1 GB and for 10 GB of layers (medians). Memory must not grow with the size. */
export async function compareMemory(scale: number): Promise<boolean> {
  const rows = [['layers', 'GB', 'wall s', 'CPU s', 'peak RSS MB']]
  const peaks: number[] = []
  for (const { layers, size } of [SMALL, BIG]) {
    const costs = await measure(layers, Math.ceil(size * scale))
    const middle = (key: keyof Cost) => median(costs.map(cost => cost[key]))!
    peaks.push(middle('rss'))
    const all = costs.map(({ rss }) => (rss / 1e6).toFixed(0)).join(' / ')
    const gigabytes = ((layers * size * scale) / 1e9).toFixed(1)
    rows.push([`${layers}`, gigabytes, middle('wall').toFixed(1), middle('cpu').toFixed(1), all])
  }
  const growth = peaks[1]! / peaks[0]!
  const met = growth <= GROWTH
  console.log(
    `${table(rows)}\n\npeak RSS grows to ${growth.toFixed(2)} × (limit ${GROWTH}): ${met ? 'met' : 'MISSED'}`,
  )
  return met
}

async function measure(layers: number, size: number): Promise<Cost[]> {
  const costs: Cost[] = []
  for (let time = 0; time < TIMES; time++) {
    await using home = await temporaryDirectory()
    await using server = startProcess(process.execPath, [SYNTHETIC, `${layers}`, `${size}`])
    const [, source, target] = await server.output(/ready (\S+) (\S+)/)
    const stock = { references: ['docker.io/library/layers:1'], blobs: [], uniqueBytes: 0, countedBytes: 0 }
    const command = await gpreg.prepare({ source: source!, target: target!, home: home.path, stock }, 'cold')
    costs.push(await runMeasured(command!))
  }
  return costs
}
