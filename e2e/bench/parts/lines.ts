import { startFlakyLine } from '../../support/flaky-line.ts'
import { mustRun } from '../../support/process.ts'
import { startRegistry, type Registry } from '../../support/registry.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { startWanLine } from '../../support/wan-line.ts'
import { findPeers, gpreg, type Contestant } from '../contestants.ts'
import { runBetween } from '../measure.ts'
import type { Plan } from '../plan.ts'
import type { Measured, Sample, Series } from '../results.ts'
import { stockLayer, stockRelease, type Stock } from '../stock.ts'
import { takeTurns } from '../turns.ts'

export type LineKind = 'wan' | 'flaky'

/** The images that contestants copy over the line. */
interface Workload {
  readonly name: string
  stock(registry: Registry, scale: number): Promise<Stock>
}

interface Line extends AsyncDisposable {
  readonly host: string
  /** number of bytes that were sent to the client */
  passed(): number
}

const WAN = { roundTrip: 40, perConnection: 8_000_000, inAll: 60_000_000 }
const FLAKY = { cutEvery: 64 * 1024 * 1024, refuseOneIn: 50, limitEvery: 60_000 }

const WORKLOADS: readonly Workload[] = [
  { name: 'one layer', stock: (registry, scale) => stockLayer(registry, 500 * scale) },
  { name: 'release', stock: (registry, scale) => stockRelease(registry, scale / 3) },
]

const LINES: Readonly<Record<LineKind, { about: string; start(to: URL): Promise<Line> }>> = {
  wan: {
    about: 'a thin line: 40 ms, 8 MB/s a connection, 60 MB/s in all',
    start: to => startWanLine(to, WAN),
  },
  flaky: {
    about: 'a line that breaks: reset after 64 MiB, 503 to one request in 50, 429 once a minute',
    start: to => startFlakyLine(to, FLAKY),
  },
}

/** A peer takes a minute for the large layer, so it runs once if all parts run in one go, and only the fastest does. */
const BRIEF = { peers: ['skopeo'], gpreg: 3, peer: 1 }

/**
 * Lets contestants copy in turns over a bad line to the source: one layer of 500 MB, and the release at a third of its
 * size. The target is on loopback.
 */
export async function measureLine(
  kind: LineKind,
  { rounds, scale, parent, peers, brief }: Plan,
): Promise<Measured> {
  const wanted = findPeers(brief ? BRIEF.peers : peers)
  const contestants = [gpreg, ...wanted].filter(({ name }) => name !== 'baseline')
  const series: Series[] = []
  for (const workload of WORKLOADS) {
    await using source = await startRegistry({ parent })
    const stock = await workload.stock(source, scale)
    const turns = contestants.map(contestant => ({
      name: contestant.name,
      rounds: brief && contestant !== gpreg ? BRIEF.peer : undefined,
      isPeer: contestant !== gpreg,
      run: async () => ({ [workload.name]: await runOver(kind, contestant, source, stock, parent) }),
    }))
    series.push(...(await takeTurns(turns, brief ? Math.min(rounds, BRIEF.gpreg) : rounds)))
  }
  return {
    name: kind,
    about: `${LINES[kind].about}${brief ? `; gpreg in ${BRIEF.gpreg} rounds, ${BRIEF.peers.join()} in ${BRIEF.peer}` : ''}`,
    series,
  }
}

async function runOver(
  kind: LineKind,
  contestant: Contestant,
  source: Registry,
  stock: Stock,
  parent: string,
): Promise<Sample> {
  await using home = await temporaryDirectory()
  await using target = await startRegistry({ parent })
  await using line = await LINES[kind].start(source.url)
  await mustRun('sync', [])
  const site = { source: line.host, target: target.host, home: home.path, stock }
  const sample = await runBetween(source, target, (await contestant.prepare(site, 'cold'))!)
  return { ...sample, read: line.passed() }
}
