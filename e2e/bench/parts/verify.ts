import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GPREG } from '../../support/gpreg.ts'
import { startRegistry, type Registry } from '../../support/registry.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { environment, imageSet } from '../contestants.ts'
import { runBetween, runMeasured, type Command } from '../measure.ts'
import type { Plan } from '../plan.ts'
import type { Measured } from '../results.ts'
import { stockRelease, type Stock } from '../stock.ts'
import { takeTurns } from '../turns.ts'
import { describeStock } from './copies.ts'

/**
 * Reads a mirrored release back: `verify --deep` with a lock, and `curl | sha256sum` over each unique blob once, four at
 * a time.
 */
export async function measureVerify({ rounds, scale, parent }: Plan): Promise<Measured> {
  await using source = await startRegistry({ parent })
  await using target = await startRegistry({ parent })
  await using home = await temporaryDirectory()
  const stock = await stockRelease(source, scale)
  const env = environment(home.path)
  const lock = home.join('gpreg.lock.json')
  const to = ['--to', `${target.host}/gitpod`]
  const from = await imageSet({ source: source.host, home: home.path, stock })
  await runMeasured({ command: GPREG, args: ['lock', ...from, ...to, '-o', lock], env })
  await runMeasured({ command: GPREG, args: ['mirror', ...from, ...to, '--json'], env })
  const verify: Command = { command: GPREG, args: ['verify', '--lock', lock, ...to, '--deep', '--json'], env }
  const baseline = await readAll(target, stock, home.join('blobs'), env)
  const series = await takeTurns(
    [
      { name: 'gpreg', run: async () => ({ '--deep': await runBetween(target, source, verify) }) },
      { name: 'baseline', run: async () => ({ '--deep': await runBetween(target, source, baseline) }) },
    ],
    rounds,
  )
  return { name: 'verify', about: `verify --deep: ${describeStock(stock)}`, series }
}

/** Hashes each unique blob of the target once. The blobs lie where the target's links say, whatever gpreg calls them. */
async function readAll(
  target: Registry,
  { blobs }: Stock,
  list: string,
  env: NodeJS.ProcessEnv,
): Promise<Command> {
  const where = await repositoriesOf(target)
  const lines = blobs.map(({ digest }) => {
    const repository = where.get(digest)
    // A pipe hides that curl failed, so a blob that is not there must be noticed here.
    if (repository === undefined) throw new Error(`the target has no blob ${digest}`)
    return `http://${target.host}/v2/${repository}/blobs/${digest}`
  })
  await writeFile(list, lines.join('\n'))
  const script = 'curl -sS -f "$1" | sha256sum > /dev/null'
  return { command: 'xargs', args: ['-P', '4', '-n', '1', 'sh', '-ec', script, 'read'], stdin: list, env }
}

/** One repository of each blob, from the links in the registry's storage: REPOSITORY/_layers/sha256/HEX/link. */
async function repositoriesOf({ storage }: Registry): Promise<Map<string, string>> {
  const root = join(storage, 'docker/registry/v2/repositories')
  const paths = await readdir(root, { recursive: true })
  return new Map(
    paths.flatMap(path => {
      const [, repository, hex] = /^(.+)\/_layers\/sha256\/([0-9a-f]{64})$/.exec(path) ?? []
      return repository && hex ? [[`sha256:${hex}`, repository] as const] : []
    }),
  )
}
