import { writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { mustRun } from '../support/process.ts'
import { startRegistry, type Registry } from '../support/registry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { compareBundles } from './bundles.ts'
import { findPeers, gpreg, gpregBefore, type Contestant } from './contestants.ts'
import { runBetween, type Sample } from './measure.ts'
import { measureKills } from './killed.ts'
import { judge, renderBars, renderResults, type Results } from './report.ts'
import { compareMemory } from './memory.ts'
import { compareLines, type Scenario } from './lines.ts'
import { compareScale } from './scale.ts'
import { stockRelease, type Stock } from './stock.ts'

const USAGE = `npm run bench -- [--runs 5] [--peers skopeo,baseline,crane,regctl,oras] [--scale 1] [--rss] [--scalability] [--line wan|flaky] [--json FILE]
  --runs N         rounds; in each, every contestant runs once, cold and then with nothing changed
  --peers LIST     only these, '' for none; default all that are installed
  --peers-only     leave gpreg out
  --before DIR     another checkout of gpreg, built, runs in turns with this one
  --scale X        of all sizes, for a quick look; bars hold at 1
  --bundles        instead: bundles saved and loaded
  --killed         instead: a copy of 1 GB killed at nine tenths, and what is sent again
  --rss            instead: peak memory at 1 GB and at 10 GB of layers
  --scalability    instead: time and memory of planning 100, 1,000 and 10,000 images
  --line KIND      instead: a source behind a thin line (wan) or one that breaks (flaky)
  --parent DIR     where registries keep their storage; default ${tmpdir()}
  --json FILE      the figures of every run`

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    peers: { type: 'string' },
    'peers-only': { type: 'boolean', default: false },
    before: { type: 'string' },
    scale: { type: 'string', default: '1' },
    line: { type: 'string' },
    scalability: { type: 'boolean', default: false },
    bundles: { type: 'boolean', default: false },
    killed: { type: 'boolean', default: false },
    rss: { type: 'boolean', default: false },
    parent: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (flags.help) console.log(USAGE)
else if (flags.rss) process.exitCode = (await compareMemory(Number(flags.scale))) ? 0 : 1
else if (flags.killed) process.exitCode = (await measureKills(Number(flags.runs), flags.parent)) ? 0 : 1
else if (flags.scalability) process.exitCode = (await compareScale()) ? 0 : 1
else if (flags.line) await compareOverLine(flags.line as Scenario)
else if (flags.bundles)
  process.exitCode = (await compareBundles(Number(flags.runs), Number(flags.scale), flags.parent)) ? 0 : 1
else await compareSpeed()

/**
 * Compares contestants in turns. Each round has another order, so that a slow minute of the machine affects all
 * contestants.
 */
async function compareSpeed(): Promise<void> {
  const contestants = [
    ...(flags['peers-only'] ? [] : [gpreg]),
    ...(flags.before === undefined ? [] : [gpregBefore(flags.before)]),
    ...findPeers(flags.peers?.split(',').filter(Boolean)),
  ]
  await using source = await startRegistry({ parent: flags.parent })
  const stock = await stockRelease(source, Number(flags.scale))
  console.log(describeStock(stock))
  const samples = new Map(
    contestants.map(({ name }) => [name, { name, cold: [] as Sample[], unchanged: [] as Sample[] }]),
  )
  for (let round = 0; round < Number(flags.runs); round++) {
    for (const contestant of rotate(contestants, round)) {
      const run = await runOrFail(contestant, source, stock)
      if (run === undefined) continue
      const { cold, unchanged } = run
      const mine = samples.get(contestant.name)!
      mine.cold.push(cold)
      if (unchanged) mine.unchanged.push(unchanged)
      console.log(
        `round ${round + 1}  ${contestant.name.padEnd(8)}  cold ${seconds(cold)}${unchanged ? `  unchanged ${seconds(unchanged)}` : ''}`,
      )
    }
  }
  const results: Results[] = [...samples.values()].filter(({ cold }) => cold.length > 0)
  const bars = judge(results)
  console.log(`\n${renderResults(results)}\n\n${renderBars(bars)}`)
  if (flags.json)
    await writeFile(
      flags.json,
      JSON.stringify({ stock: summary(stock), cpus: cpus().length, results, bars }, null, 2),
    )
  // Bars are judged at full size only, because a quick run proves nothing.
  if (Number(flags.scale) === 1 && bars.some(({ met }) => met === false)) process.exitCode = 1
}

async function compareOverLine(scenario: Scenario): Promise<void> {
  const contestants = [gpreg, ...findPeers(flags.peers?.split(','))].filter(({ name }) => name !== 'baseline')
  const rounds = Number(flags.runs)
  const results = await compareLines(scenario, { contestants, rounds, parent: flags.parent })
  if (flags.json) await writeFile(flags.json, JSON.stringify(results, null, 2))
}

/** Runs a contestant. If a peer fails, its other runs still count; if gpreg fails, the comparison ends. */
async function runOrFail(contestant: Contestant, source: Registry, stock: Stock) {
  try {
    return await runOnce(contestant, source, stock)
  } catch (error) {
    if (contestant === gpreg) throw error
    console.log(`${contestant.name} FAILED: ${String(error).split('\n', 1)[0]}`)
    return undefined
  }
}

/** Copies into an empty registry (cold), and then once more (unchanged). */
async function runOnce(
  contestant: Contestant,
  source: Registry,
  stock: Stock,
): Promise<{ cold: Sample; unchanged?: Sample }> {
  await using home = await temporaryDirectory()
  await using target = await startRegistry({ parent: flags.parent })
  const site = { source: source.host, target: target.host, home: home.path, stock }
  // Writes the cached data of earlier runs to the disk, so that it is not written during this run.
  await mustRun('sync', [])
  const cold = await runBetween(source, target, (await contestant.prepare(site, 'cold'))!)
  const again = await contestant.prepare(site, 'unchanged')
  return again ? { cold, unchanged: await runBetween(source, target, again) } : { cold }
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

function seconds({ wall, cpu }: Sample): string {
  return `${wall.toFixed(2)} s (CPU ${cpu.toFixed(2)} s)`
}

function summary({ references, blobs, uniqueBytes, countedBytes }: Stock) {
  return {
    images: references.length,
    blobs: blobs.length,
    uniqueBytes,
    countedBytes,
    largest: Math.max(...blobs.map(({ size }) => size)),
  }
}

function describeStock(stock: Stock): string {
  const { images, blobs, uniqueBytes, countedBytes, largest } = summary(stock)
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  return `${images} images, ${blobs} unique blobs, ${gigabytes(uniqueBytes)} unique, ${gigabytes(countedBytes)} counted per image, largest layer ${(largest / 1e6).toFixed(0)} MB; ${cpus().length} CPUs`
}
