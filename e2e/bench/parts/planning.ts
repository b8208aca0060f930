import { fileURLToPath } from 'node:url'
import { startProcess } from '../../support/process.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { ourContestants, type Contestant } from '../contestants.ts'
import { runMeasured } from '../measure.ts'
import type { Plan } from '../plan.ts'
import type { Cost, Measured, Series } from '../results.ts'
import { takeTurns } from '../turns.ts'

const TINY_REGISTRY = fileURLToPath(new URL('tiny-registry.ts', import.meta.url))
const IMAGES = [100, 1_000, 10_000]
const BLOBS_PER_IMAGE = 10

/** Plans more and more images and measures time and memory. The target has none of the images. */
export async function measurePlanning({ rounds, scale, before, brief }: Plan): Promise<Measured> {
  const series: Series[] = []
  for (const images of brief ? IMAGES.slice(1) : IMAGES) {
    const count = Math.ceil(images * scale)
    await using server = startProcess(process.execPath, [
      '--conditions=gpreg-source',
      TINY_REGISTRY,
      `${count}`,
      `${BLOBS_PER_IMAGE}`,
    ])
    const [, source, target] = await server.output(/ready (\S+) (\S+)/)
    const phase = `${images.toLocaleString('en')} images`
    // The bar that is about another checkout is that of the largest set.
    const isCompared = !brief || images === IMAGES.at(-1)
    const turns = ourContestants(isCompared ? before : undefined).map(contestant => ({
      name: contestant.name,
      run: async () => ({ [phase]: await planOnce(contestant, count, source!, target!) }),
    }))
    series.push(...(await takeTurns(turns, rounds)))
  }
  const about = `planning (--dry-run) of images with ${BLOBS_PER_IMAGE} blobs each`
  return { name: 'planning', about, series }
}

async function planOnce(
  contestant: Contestant,
  images: number,
  source: string,
  target: string,
): Promise<Cost> {
  await using home = await temporaryDirectory()
  const references = Array.from({ length: images }, (_, index) => `docker.io/many/image-${index}:1`)
  const stock = { references, blobs: [], uniqueBytes: 0, countedBytes: 0 }
  const command = (await contestant.prepare({ source, target, home: home.path, stock }, 'cold'))!
  return await runMeasured({ ...command, args: [...command.args, '--dry-run'] })
}
