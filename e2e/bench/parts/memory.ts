import { fileURLToPath } from 'node:url'
import { startProcess } from '../../support/process.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { gpreg } from '../contestants.ts'
import { runMeasured } from '../measure.ts'
import type { Plan } from '../plan.ts'
import type { Measured } from '../results.ts'
import { takeTurns } from '../turns.ts'

const SYNTHETIC = fileURLToPath(new URL('synthetic.ts', import.meta.url))

/**
 * The large case has more and larger layers. In both cases layers are large enough for resumable uploads, which need
 * memory of their own.
 */
const CASES = [
  { name: '1 GB', layers: 8, size: 125_000_000 },
  { name: '10 GB', layers: 20, size: 500_000_000 },
] as const

/** Compares the peak memory for 1 GB and for 10 GB of layers. Memory must not grow with the size. */
export async function measureMemory({ rounds, scale }: Plan): Promise<Measured> {
  const [small, large] = CASES.map(({ layers, size }) =>
    startProcess(process.execPath, [SYNTHETIC, `${layers}`, `${Math.ceil(size * scale)}`]),
  )
  await using servers = new AsyncDisposableStack()
  for (const server of [small!, large!]) servers.use(server)
  let copies = 0
  const copy = async (server: typeof small) => {
    await using home = await temporaryDirectory()
    const [, source, target] = await server!.output(/ready (\S+) (\S+)/)
    const stock = { references: ['docker.io/library/layers:1'], blobs: [], uniqueBytes: 0, countedBytes: 0 }
    // The target has none of the layers in a repository that is new.
    const site = { source: source!, target: `${target}/copy-${++copies}`, home: home.path, stock }
    return await runMeasured((await gpreg.prepare(site, 'cold'))!)
  }
  const series = await takeTurns(
    [
      {
        name: 'gpreg',
        run: async () => ({ [CASES[0].name]: await copy(small), [CASES[1].name]: await copy(large) }),
      },
    ],
    rounds,
  )
  const about = CASES.map(
    ({ name, layers, size }) => `${name}: ${layers} layers of ${(size * scale) / 1e6} MB`,
  )
  return { name: 'memory', about: `peak memory, ${about.join('; ')}`, series }
}
