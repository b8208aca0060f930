import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { pushSample, sampleImage } from '../../testing/sample-image.ts'
import { IndexLock } from './index-lock.ts'
import { LayoutStore } from './layout-store.ts'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gpreg-lock-'))
  directories.push(root)
  await LayoutStore.open(root)
})

const lockFolder = () => join(root, 'ingest', 'index.lock')
const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

it('keeps every name that three processes write at once', async () => {
  const script = `
    import { LayoutStore } from ${source('layout-store.ts')}
    import { pushSample, sampleImage } from ${source('../../testing/sample-image.ts')}
    const [root, name] = process.argv.slice(1)
    const repository = (await LayoutStore.open(root)).repository(name)
    const image = sampleImage([name])
    await pushSample(repository, image)
    for (let tag = 0; tag < 25; tag++) await repository.tag('t' + tag, image.descriptor, image.bytes)`
  const writers = ['a', 'b', 'c'].map(name =>
    spawn(process.execPath, ['--input-type=module', '-e', script, root, name], { stdio: 'inherit' }),
  )
  const codes = await Promise.all(writers.map(async writer => (await once(writer, 'exit'))[0]))
  expect(codes).toEqual([0, 0, 0])
  expect(JSON.parse(await readFile(join(root, 'index.json'), 'utf8')).manifests).toHaveLength(75)
  expect(await readdir(join(root, 'ingest'))).toEqual([])
}, 30_000)

it('lets one holder in at a time, and leaves nothing behind', async () => {
  let inside = 0
  const work = async () => {
    await using _ = await IndexLock.take(root)
    expect(++inside).toBe(1)
    await delay(1)
    inside--
  }
  await Promise.all(Array.from({ length: 20 }, work))
  expect(await readdir(join(root, 'ingest'))).toEqual([])
})

it('is taken from a holder that was killed', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  await mkdir(lockFolder())
  await writeFile(join(lockFolder(), `${hostname()}~${pid}~1~x`), '')
  await pushSample((await LayoutStore.open(root)).repository('a'), sampleImage(['x']), '1')
  expect(await readdir(join(root, 'ingest'))).toEqual([])
})

it('is waited for while its holder runs', async () => {
  const held = await IndexLock.take(root)
  let done = false
  const tagged = pushSample((await LayoutStore.open(root)).repository('a'), sampleImage(['x']), '1').then(
    () => (done = true),
  )
  await delay(100)
  expect(done).toBe(false)
  await held[Symbol.asyncDispose]()
  await tagged
})

it.each([
  ['a file', () => writeFile(lockFolder(), '')],
  ['a folder that cannot be used', () => rm(join(root, 'ingest'), { recursive: true })],
])('fails if %s is in its place', async (_, make) => {
  await make()
  await expect(IndexLock.take(root)).rejects.toMatchObject({ code: 'storage' })
})
