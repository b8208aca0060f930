import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { interrupted, listenForInterruption } from './interruption.ts'
import { newestRun, readRun, resultFile } from './page/runs.ts'
import { writePage } from './page/write.ts'
import { measureKills } from './parts/killed.ts'
import type { Plan } from './plan.ts'
import type { PartName } from './results.ts'
import { ALL_PARTS, runParts } from './run.ts'

const USAGE = `npm run bench -- [--all] [--runs 5] [--scale 1] [--before DIR] [--json FILE]
  default          gpreg and its peers copy a release, cold and then with nothing changed
  --all            every bar in one go, at most 25 minutes: one JSON below e2e/bench/results, and docs/benchmarks.md from it
  --page [FILE]    instead: only write docs/benchmarks.md, from this JSON or from the newest one
  --start          instead: how long the command takes to start
  --deep           instead: verify --deep
  --bundles        instead: bundles saved and loaded
  --scalability    instead: time and memory of planning 100, 1,000 and 10,000 images
  --rss            instead: peak memory at 1 GB and at 10 GB of layers
  --tls            instead: copies between registries that speak TLS
  --line KIND      instead: a source behind a thin line (wan) or one that breaks (flaky)
  --killed         instead: a copy of 1 GB killed at nine tenths, and what is sent again
  --runs N         rounds; in each, every contestant runs once
  --peers LIST     only these of skopeo,baseline,crane,regctl,oras, '' for none; default all that are installed
  --peers-only     leave gpreg out of the copies
  --before DIR     another checkout of gpreg, built, runs in turns with this one; with --all only where a bar is about it
  --scale X        of all sizes, for a quick look; bars hold at 1
  --parent DIR     where registries keep their storage; default ${tmpdir()}
  --json FILE      the figures of every run`

const { values: flags, positionals } = parseFlags()

listenForInterruption()
try {
  await main()
} catch (error) {
  if (!interrupted.aborted) throw error
  process.exitCode = 130
}

function parseFlags() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        all: { type: 'boolean', default: false },
        page: { type: 'boolean', default: false },
        start: { type: 'boolean', default: false },
        deep: { type: 'boolean', default: false },
        bundles: { type: 'boolean', default: false },
        scalability: { type: 'boolean', default: false },
        rss: { type: 'boolean', default: false },
        tls: { type: 'boolean', default: false },
        line: { type: 'string' },
        killed: { type: 'boolean', default: false },
        runs: { type: 'string', default: '5' },
        peers: { type: 'string' },
        'peers-only': { type: 'boolean', default: false },
        before: { type: 'string' },
        scale: { type: 'string', default: '1' },
        parent: { type: 'string', default: tmpdir() },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

/** Ends the benchmark before it begins, because its flags are wrong. */
function refuse(message: string): never {
  console.error(`${message}\n\n${USAGE}`)
  process.exit(2)
}

async function main(): Promise<void> {
  if (flags.help) console.log(USAGE)
  else if (flags.page)
    await writePage(positionals[0] === undefined ? await newestRun() : await readRun(positionals[0]))
  else if (flags.killed) process.exitCode = (await measureKills(Number(flags.runs), flags.parent)) ? 0 : 1
  else await measure()
}

async function measure(): Promise<void> {
  const plan: Plan = {
    rounds: Number(flags.runs),
    scale: Number(flags.scale),
    parent: flags.parent,
    before: flags.before,
    peers: flags.peers?.split(',').filter(Boolean),
    peersOnly: flags['peers-only'],
    brief: flags.all,
  }
  const isReal = plan.scale === 1
  const file = flags.json ?? (flags.all && isReal ? resultFile(new Date()) : undefined)
  const run = await runParts(chosenParts(), plan, file)
  // From the file, whose figures are rounded: a check of the page reads it, too.
  if (flags.all && file !== undefined && isReal) await writePage(await readRun(file))
  // Bars are judged at full size only, because a quick run proves nothing.
  const isMissed = isReal && run.bars.some(({ met }) => met === false)
  if (isMissed || run.leftOut.length > 0) process.exitCode = 1
}

function chosenParts(): readonly PartName[] {
  if (flags.all) return ALL_PARTS
  if (flags.line === 'wan' || flags.line === 'flaky') return [flags.line]
  if (flags.line !== undefined) refuse(`--line ${flags.line}: wan or flaky`)
  if (flags.start) return ['start']
  if (flags.deep) return ['verify']
  if (flags.bundles) return ['bundles']
  if (flags.scalability) return ['planning']
  if (flags.rss) return ['memory']
  if (flags.tls) return ['tls']
  return ['copies']
}
