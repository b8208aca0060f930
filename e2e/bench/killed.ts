import { gpreg as run, startGpreg } from '../support/gpreg.ts'
import { startRegistry } from '../support/registry.ts'
import { startReverseProxy, type ReverseProxy } from '../support/reverse-proxy.ts'
import { startServe } from '../support/serve.ts'
import { startSlowLine } from '../support/slow-line.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { table } from './report.ts'
import { stockLayer } from './stock.ts'

/** One layer, and what the capped line passes a second; in MB. */
const [LAYER, LINE] = [1000, 60]
const CHUNK = 16 * 1024 * 1024

/** Which line is the thin one, what is behind it, and what share of the layer may be sent twice. */
interface Course {
  readonly capped: 'source' | 'target'
  readonly target: 'gpreg serve' | 'docker-registry'
  /** absent where nothing can be promised: CNCF distribution gives an upload up whose chunk was torn */
  readonly limit?: number
}

const COURSES: readonly Course[] = [
  { capped: 'source', target: 'gpreg serve', limit: 0.12 },
  { capped: 'target', target: 'gpreg serve', limit: 0.12 },
  // The chunk that was on its way, and one whose end was not noted any more.
  { capped: 'source', target: 'docker-registry', limit: (2 * CHUNK) / (LAYER * 1e6) },
  { capped: 'target', target: 'docker-registry' },
]

/** Kills a copy of one large layer at about nine tenths, runs it again, and counts what was sent twice. */
export async function measureKills(kills: number, parent: string): Promise<boolean> {
  await using source = await startRegistry({ parent })
  const { uniqueBytes } = await stockLayer(source, LAYER)
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const rows = [['capped line', 'target', 'killed at', 'sent again', 'MB', 'limit', '']]
  let met = true
  for (const { capped, target, limit } of COURSES) {
    for (let nth = 0; nth < kills; nth++) {
      await using home = await temporaryDirectory(parent)
      await using registry =
        target === 'gpreg serve' ? await startServe(home.join('layout')) : await startRegistry({ parent })
      const ends = { source: source.host, target: registry.host }
      await using line = await startSlowLine(new URL(`http://${ends[capped]}`), LINE * 1e6)
      ends[capped] = line.host
      await using proxy = await startReverseProxy({ to: new URL(`http://${ends.target}`) })
      const from = ['--source-mirror', `docker.io=${ends.source}/docker.io`]
      const args = ['mirror', '--image', 'docker.io/library/large:1', ...from, '--to', `${proxy.host}/gitpod`]
      const env = { GPREG_UPLOAD_JOURNAL: home.join('journal') }
      // Moments spread over more than a chunk, wherever in it they may fall.
      const killed = await killAt((0.9 + (nth / kills) * 0.03) * uniqueBytes, args, env, proxy)
      const { exitCode, stderr } = await run(args, { env })
      if (exitCode !== 0) throw new Error(`gpreg did not go on (exit ${exitCode}):\n${stderr}`)
      const again = uploaded(proxy) / uniqueBytes - 1
      const isMet = limit === undefined || again <= limit
      met &&= isMet
      const found = [percent(killed / uniqueBytes), percent(again), ((again * uniqueBytes) / 1e6).toFixed(1)]
      const verdict = limit === undefined ? ['none', ''] : [percent(limit), isMet ? 'met' : 'MISSED']
      rows.push([capped, target, ...found, ...verdict])
      console.log(rows.at(-1)!.join('  '))
    }
  }
  console.log(`\n${table(rows)}`)
  return met
}

/** @returns bytes that had come to the target when it was dead */
async function killAt(
  bytes: number,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  proxy: ReverseProxy,
): Promise<number> {
  await using running = await startGpreg(args, { env })
  await proxy.until(() => uploaded(proxy) >= bytes)
  running.signal('SIGKILL')
  await running.exited
  return uploaded(proxy)
}

function uploaded({ exchanges }: ReverseProxy): number {
  return exchanges.reduce((sum, { kind, received }) => sum + (kind === 'upload' ? received : 0), 0)
}
