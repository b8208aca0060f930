import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../../support/process.ts'
import { compiledCodeIn } from '../../support/kept-code.ts'
import { startRegistry, type Registry } from '../../support/registry.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { onPath } from '../../support/tools.ts'
import { runMeasured } from '../measure.ts'
import type { Plan } from '../plan.ts'
import type { Measured, Sample } from '../results.ts'
import { stockRelease, type Stock } from '../stock.ts'
import { takeTurns } from '../turns.ts'
import { STEPS, type Step } from './bundle-steps.ts'
import { describeStock } from './copies.ts'

/** Saves a release into bundles and loads them again, beside a direct copy and beside other tools. */
export async function measureBundles({ rounds, scale, parent, brief }: Plan): Promise<Measured> {
  const steps = STEPS.filter(({ tool, isVariant = false }) =>
    brief ? tool === undefined && !isVariant : tool === undefined || onPath(tool),
  )
  await using source = await startRegistry({ parent })
  const stock = await stockRelease(source, scale)
  const series = await takeTurns(
    [...Map.groupBy(steps, ({ name }) => name)].map(([name, mine]) => ({
      name,
      isPeer: mine.some(({ tool }) => tool !== undefined),
      run: () => runSteps(mine, source, stock, parent),
    })),
    rounds,
  )
  return {
    name: 'bundles',
    about: `bundles: ${describeStock(stock)}`,
    uniqueBytes: stock.uniqueBytes,
    series,
  }
}

/**
 * Saves, loads what was saved into an empty registry, and mirrors the same set into another one, as far as the contestant
 * does all of them. The steps share a home directory, and so the cache of compiled code.
 */
async function runSteps(
  steps: readonly Step[],
  source: Registry,
  stock: Stock,
  parent: string,
): Promise<Record<string, Sample>> {
  await using home = await temporaryDirectory(parent)
  const samples: Record<string, Sample> = {}
  for (const { phase, prepare } of steps) {
    await using target = await startRegistry({ parent })
    const command = await prepare({ source, home, stock, target })
    const before = await bytesBelow(home.path)
    await mustRun('sync', [])
    const cost = await runMeasured(command)
    samples[phase] = { ...cost, disk: (await bytesBelow(home.path)) - before }
  }
  return samples
}

/** The compiled code of gpreg does not count: the first run of a command keeps a megabyte, and others keep nothing. */
async function bytesBelow(home: string): Promise<number> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile() && entry.parentPath !== compiledCodeIn(home))
  const sizes = await Promise.all(
    files.map(async file => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
