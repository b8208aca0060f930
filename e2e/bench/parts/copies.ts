import { mustRun } from '../../support/process.ts'
import { startRegistry, type Registry } from '../../support/registry.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { findPeers, gpreg, ourContestants, type Contestant, type Phase, type Site } from '../contestants.ts'
import { runBetween } from '../measure.ts'
import type { Plan } from '../plan.ts'
import type { Measured, Sample } from '../results.ts'
import { stockRelease, type Stock } from '../stock.ts'
import { takeTurns } from '../turns.ts'

/** Copies a release into an empty registry (cold), and then once more (unchanged). */
export async function measureCopies({
  rounds,
  scale,
  parent,
  before,
  peers,
  peersOnly,
}: Plan): Promise<Measured> {
  const contestants = [
    ...ourContestants(before).filter(each => each !== gpreg || !peersOnly),
    ...findPeers(peers),
  ]
  await using source = await startRegistry({ parent })
  const stock = await stockRelease(source, scale)
  const series = await takeTurns(
    contestants.map(contestant => ({
      name: contestant.name,
      isPeer: contestant !== gpreg,
      run: () => runOnce(contestant, source, stock, parent),
    })),
    rounds,
  )
  return {
    name: 'copies',
    about: describeStock(stock),
    series,
  }
}

async function runOnce(
  contestant: Contestant,
  source: Registry,
  stock: Stock,
  parent: string,
): Promise<Partial<Record<Phase, Sample>>> {
  await using home = await temporaryDirectory()
  await using target = await startRegistry({ parent })
  const site = { source: source.host, target: target.host, home: home.path, stock }
  const cold = await copyCold(contestant, source, target, site)
  const again = await contestant.prepare(site, 'unchanged')
  return again ? { cold, unchanged: await runBetween(source, target, again) } : { cold }
}

/** Runs a copy into an empty registry. */
export async function copyCold(
  contestant: Contestant,
  source: Registry,
  target: Registry,
  site: Site,
): Promise<Sample> {
  // Writes the cached data of earlier runs to the disk, so that it is not written during this run.
  await mustRun('sync', [])
  return runBetween(source, target, (await contestant.prepare(site, 'cold'))!)
}

export function describeStock({ references, blobs, uniqueBytes, countedBytes }: Stock): string {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  const largest = Math.max(...blobs.map(({ size }) => size))
  return [
    `${references.length} images, ${blobs.length} unique blobs, ${gigabytes(uniqueBytes)} unique`,
    `${gigabytes(countedBytes)} counted per image, largest layer ${(largest / 1e6).toFixed(0)} MB`,
  ].join(', ')
}
