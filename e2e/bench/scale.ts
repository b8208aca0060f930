import { fileURLToPath } from 'node:url'
import { startProcess } from '../support/process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { gpreg } from './contestants.ts'
import { runMeasured, type Cost } from './measure.ts'
import { table } from './report.ts'

const TINY_REGISTRY = fileURLToPath(new URL('tiny-registry.ts', import.meta.url))
const IMAGES = [100, 1_000, 10_000]
const BLOBS_PER_IMAGE = 10

/** Limits: peak memory in bytes, and time for one image relative to the time for one image of a thousand. */
const [MAX_RSS, MAX_GROWTH] = [300e6, 1.5]

/** Plans more and more images and measures time and memory. The target has none of the images. */
export async function compareScale(): Promise<boolean> {
  const costs: Cost[] = []
  const rows = [['images', 'blobs', 'wall s', 'ms an image', 'CPU s', 'peak RSS MB']]
  for (const images of IMAGES) {
    const cost = await planOnce(images)
    costs.push(cost)
    rows.push([
      `${images}`,
      `${images * BLOBS_PER_IMAGE}`,
      cost.wall.toFixed(1),
      ((cost.wall * 1000) / images).toFixed(2),
      cost.cpu.toFixed(1),
      (cost.rss / 1e6).toFixed(0),
    ])
    console.log(rows.at(-1)!.join('  '))
  }
  const perImage = (at: number) => costs[at]!.wall / IMAGES[at]!
  const growth = perImage(2) / perImage(1)
  const { rss } = costs[2]!
  const verdict = (met: boolean) => (met ? 'met' : 'MISSED')
  console.log(
    [
      `\n${table(rows)}\n`,
      `time an image grows to ${growth.toFixed(2)} × (limit ${MAX_GROWTH}): ${verdict(growth <= MAX_GROWTH)}`,
      `RSS ${(rss / 1e6).toFixed(0)} MB (limit ${(MAX_RSS / 1e6).toFixed(0)}): ${verdict(rss <= MAX_RSS)}`,
    ].join('\n'),
  )
  return growth <= MAX_GROWTH && rss <= MAX_RSS
}

async function planOnce(images: number): Promise<Cost> {
  await using home = await temporaryDirectory()
  await using server = startProcess(process.execPath, [
    '--conditions=gpreg-source',
    TINY_REGISTRY,
    `${images}`,
    `${BLOBS_PER_IMAGE}`,
  ])
  const [, source, target] = await server.output(/ready (\S+) (\S+)/)
  const references = Array.from({ length: images }, (_, index) => `docker.io/many/image-${index}:1`)
  const stock = { references, blobs: [], uniqueBytes: 0, countedBytes: 0 }
  const command = (await gpreg.prepare({ source: source!, target: target!, home: home.path, stock }, 'cold'))!
  return await runMeasured({ ...command, args: [...command.args, '--dry-run'] })
}
