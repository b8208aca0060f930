import { mustRun } from '../support/process.ts'
import { startFlakyLine } from '../support/flaky-line.ts'
import { startRegistry, type Registry } from '../support/registry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startWanLine } from '../support/wan-line.ts'
import type { Contestant } from './contestants.ts'
import { runBetween } from './measure.ts'
import { median, table } from './report.ts'
import { stockLayer, stockRelease, type Stock } from './stock.ts'

export type Scenario = 'wan' | 'flaky'

/** The images that contestants copy over the line. */
interface Workload {
  readonly name: string
  stock(registry: Registry): Promise<Stock>
}

interface Line extends AsyncDisposable {
  readonly host: string
  /** number of bytes that were sent to the client */
  passed(): number
}

/** One run; times in seconds, sizes in bytes. */
export interface LineRun {
  readonly workload: string
  readonly contestant: string
  /** undefined if the run failed */
  readonly wall: number | undefined
  readonly passed: number
  readonly unique: number
}

const WAN = { roundTrip: 40, perConnection: 8_000_000, inAll: 60_000_000 }
const FLAKY = { cutEvery: 64 * 1024 * 1024, refuseOneIn: 50, limitEvery: 60_000 }

const WORKLOADS: readonly Workload[] = [
  { name: 'one layer of 500 MB', stock: registry => stockLayer(registry, 500) },
  { name: 'release at a third of its size', stock: registry => stockRelease(registry, 1 / 3) },
]

export interface LineComparison {
  readonly contestants: readonly Contestant[]
  readonly rounds: number
  /** directory for the storage of registries */
  readonly parent: string
}

/** Lets contestants copy in turns over a bad line to the source. The target is on loopback. */
export async function compareLines(scenario: Scenario, comparison: LineComparison): Promise<LineRun[]> {
  const runs: LineRun[] = []
  for (const workload of WORKLOADS) {
    await using source = await startRegistry({ parent: comparison.parent })
    const stock = await workload.stock(source)
    for (let round = 0; round < comparison.rounds; round++) {
      for (const contestant of comparison.contestants) {
        const run = await runOver(scenario, workload, contestant, source, stock, comparison.parent)
        runs.push(run)
        console.log(`${workload.name}  ${contestant.name}  ${describe(run)}`)
      }
    }
  }
  console.log(`\n${renderLines(runs)}`)
  return runs
}

async function runOver(
  scenario: Scenario,
  workload: Workload,
  contestant: Contestant,
  source: Registry,
  stock: Stock,
  parent: string,
): Promise<LineRun> {
  await using home = await temporaryDirectory()
  await using target = await startRegistry({ parent })
  await using line: Line =
    scenario === 'wan' ? await startWanLine(source.url, WAN) : await startFlakyLine(source.url, FLAKY)
  await mustRun('sync', [])
  const site = { source: line.host, target: target.host, home: home.path, stock }
  const command = (await contestant.prepare(site, 'cold'))!
  const labels = { workload: workload.name, contestant: contestant.name, unique: stock.uniqueBytes }
  try {
    const { wall } = await runBetween(source, target, command)
    return { ...labels, wall, passed: line.passed() }
  } catch (error) {
    console.log(String(error).split('\n').slice(0, 2).join(' '))
    return { ...labels, wall: undefined, passed: line.passed() }
  }
}

function describe({ wall, passed, unique }: LineRun): string {
  const bytes = `${(passed / 1e6).toFixed(0)} MB (${(passed / unique).toFixed(2)} × unique)`
  return `${wall === undefined ? 'failed' : `${wall.toFixed(2)} s`}, ${bytes}`
}

/** Renders the medians of successful runs and the number of failed ones. */
export function renderLines(runs: readonly LineRun[]): string {
  const keys = [...new Set(runs.map(({ workload, contestant }) => `${workload}\t${contestant}`))]
  const rows = keys.map(key => {
    const [workload, contestant] = key.split('\t') as [string, string]
    const mine = runs.filter(run => run.workload === workload && run.contestant === contestant)
    const walls = mine.flatMap(({ wall }) => wall ?? [])
    const ratio = median(mine.map(({ passed, unique }) => passed / unique))!
    const wall = median(walls)?.toFixed(2) ?? '-'
    return [workload, contestant, wall, `${walls.length} of ${mine.length}`, ratio.toFixed(2)]
  })
  return table([['workload', '', 'wall s', 'completed', 'bytes / unique'], ...rows])
}
