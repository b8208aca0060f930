import { setTimeout as sleep } from 'node:timers/promises'
import { gpreg as run, startGpreg } from '../../support/gpreg.ts'
import { startRegistry } from '../../support/registry.ts'
import { startReverseProxy, uploadedBytes, type ReverseProxy } from '../../support/reverse-proxy.ts'
import { startServe } from '../../support/serve.ts'
import { startSlowLine } from '../../support/slow-line.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { interrupted } from '../interruption.ts'
import { table } from '../table.ts'
import { stockLayer } from '../stock.ts'

/** Size of the layer in MB, and rate of the capped line in MB a second. */
const [LAYER, LINE] = [1000, 60]
const CHUNK = 4 * 1024 * 1024

/** One case: which line is capped, which target is behind it, and which share of the layer may be sent twice. */
interface KillCase {
  readonly capped: 'source' | 'target'
  readonly target: 'gpreg serve' | 'docker-registry'
  readonly limit: number
  /**
   * True if the target keeps the part of a chunk that arrived. CNCF distribution cancels an upload if a chunk was torn.
   */
  readonly keepsTorn: boolean
}

const SERVE = { target: 'gpreg serve', limit: 0.12, keepsTorn: true } as const
const DISTRIBUTION = { target: 'docker-registry', limit: CHUNK / (LAYER * 1e6), keepsTorn: false } as const
const CASES: readonly KillCase[] = [
  { capped: 'source', ...SERVE },
  { capped: 'target', ...SERVE },
  { capped: 'source', ...DISTRIBUTION },
  { capped: 'target', ...DISTRIBUTION },
]

/** Kills a copy of one large layer at about nine tenths, runs it again, and counts the bytes that were sent twice. */
export async function measureKills(kills: number, parent: string): Promise<boolean> {
  await using source = await startRegistry({ parent })
  const { uniqueBytes } = await stockLayer(source, LAYER)
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const rows = [['capped line', 'target', 'killed at', 'in a chunk', 'sent again', 'MB', 'limit', '']]
  let met = true
  for (const { capped, target, limit, keepsTorn } of CASES) {
    for (let nth = 0; nth < kills; nth++) {
      interrupted.throwIfAborted()
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
      // The kills are spread over the duration of a chunk.
      const later = ((nth / kills) * CHUNK * 1000) / (LINE * 1e6)
      const { bytes, isTorn } = await killAt(0.9 * uniqueBytes, later, args, env, proxy)
      const { exitCode, stderr } = await run(args, { env })
      if (exitCode !== 0) throw new Error(`gpreg did not go on (exit ${exitCode}):\n${stderr}`)
      const again = uploadedBytes(proxy.exchanges) / uniqueBytes - 1
      const isPromised = keepsTorn || !isTorn
      const isMet = !isPromised || again <= limit
      met &&= isMet
      const moment = [percent(bytes / uniqueBytes), isTorn ? 'yes' : 'no']
      const found = [percent(again), ((again * uniqueBytes) / 1e6).toFixed(1)]
      const verdict = isPromised ? [percent(limit), isMet ? 'met' : 'MISSED'] : ['none', '']
      rows.push([capped, target, ...moment, ...found, ...verdict])
      console.log(rows.at(-1)!.join('  '))
    }
  }
  console.log(`\n${table(rows)}`)
  return met
}

/** Kills a run `later` milliseconds after `bytes` bytes arrived at the target. */
async function killAt(
  bytes: number,
  later: number,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  proxy: ReverseProxy,
): Promise<{ readonly bytes: number; readonly isTorn: boolean }> {
  await using running = await startGpreg(args, { env })
  await proxy.until(() => uploadedBytes(proxy.exchanges) >= bytes)
  await sleep(later)
  running.signal('SIGKILL')
  const isTorn = proxy.exchanges.some(({ method, complete }) => method === 'PATCH' && !complete)
  await running.exited
  return { bytes: uploadedBytes(proxy.exchanges), isTorn }
}
