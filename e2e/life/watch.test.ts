import { readFile, writeFile } from 'node:fs/promises'
import { oddRegistry, pushSample, refusing, sampleImage, type OddRegistry } from '@gpreg/oci/testing'
import { expect, it, vi } from 'vitest'
import { startGpreg } from '../support/gpreg.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const TARGET = 'm/x'

/** Two registries with images `x/a:1` and so on in the first, and a watch that copies those of a list. */
async function watching(names: readonly string[]) {
  const directory = await temporaryDirectory()
  const [source, target] = [await oddRegistry(), await oddRegistry()]
  const [list, metrics] = [directory.join('list.txt'), directory.join('gpreg.prom')]
  const write = (all: readonly string[]) =>
    writeFile(list, all.map(name => `${source.host}/x/${name}:1\n`).join(''))
  await write(names)
  for (const name of ['a', 'b', 'c']) await push(source, name, name)
  const flags = ['--to', `${target.host}/m`, '--watch', '1s', '--metrics', metrics]
  const running = await startGpreg(['mirror', '--images', list, ...flags])
  return {
    source,
    target,
    running,
    write,
    metrics: () => readFile(metrics, 'utf8'),
    async [Symbol.asyncDispose]() {
      await running.stop()
      await source[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function push({ store }: OddRegistry, name: string, layer: string): Promise<string> {
  const image = sampleImage([layer])
  await pushSample(store.repository(`x/${name}`), image, '1')
  return image.descriptor.digest
}

const digestAt = async ({ store }: OddRegistry, name: string) =>
  (await store.repository(`${TARGET}/${name}`).resolve('1')).digest

it('keeps a target at a moving set, through a round in which the source refuses', async () => {
  await using world = await watching(['a', 'b'])
  const { source, target, running, write, metrics } = world
  await running.output(/round 1: 2 images, 2 copied/)
  await running.output(/round 2: 2 images, 0 copied, 2 up to date, 0 failed, 2 requests/)
  const nightly = await push(source, 'a', 'the next night')
  await running.output(/round \d+: 2 images, 1 copied/)
  expect(await digestAt(target, 'a')).toBe(nightly)

  source.oddities.push(refusing('HEAD GET', /\/manifests\//, 401))
  await running.output(/round \d+: 2 images, 0 copied, 0 up to date, 2 failed/)
  await vi.waitUntil(async () => /last_run_exit_code\{.*\} 5$/m.test(await metrics()), { timeout: 60_000 })
  expect(await metrics()).toMatch(/gpreg_mirror_failures\{.*code="unauthorized"\} 2$/m)
  source.oddities.length = 0
  await write(['a', 'b', 'c'])
  await running.output(/round \d+: 3 images, 1 copied/)
  await running.output(/round \d+: 3 images, 0 copied, 3 up to date, 0 failed, 3 requests/)

  running.signal('SIGTERM')
  expect(await running.exited).toEqual({ code: 0, signal: null })
  expect(await metrics()).toMatch(/gpreg_mirror_images\{.*state="failed"\} 0$/m)
})

it.each([
  ['0, behind a clean round', ['a'], 0],
  ['130, if it was the first round', ['a', 'b'], 130],
])('is interrupted in the middle of a copy with exit code %s', async (_, names, code) => {
  await using world = await watching(names)
  const { target, running, write } = world
  const upload = new RegExp(`/${TARGET}/b/blobs/uploads/`)
  // Uploads of b are never answered.
  target.oddities.push(({ url = '' }) => upload.test(url))
  if (code === 0) {
    await running.output(/round 1: 1 image, 1 copied/)
    await write(['a', 'b'])
  }
  await vi.waitUntil(() => target.seen.some(({ url }) => upload.test(url)), { timeout: 60_000 })
  running.signal('SIGTERM')
  expect(await running.exited).toEqual({ code, signal: null })
  expect(running.stderr()).toMatch(/^stopped: .* left/m)
  await expect(digestAt(target, 'b')).rejects.toMatchObject({ code: 'not-found' })
})

it('ends at once with exit code 2 if the list of the first round names nothing', async () => {
  await using world = await watching([])
  expect(await world.running.exited).toEqual({ code: 2, signal: null })
})
