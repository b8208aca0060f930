import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRegistryServer, MemoryStore, parseReference, type ListeningServer } from '@gpreg/oci'
import { createRegistries, type Registries } from '@gpreg/oci/engine'
import { lacks, pushSample, sampleImage, type Sample } from '@gpreg/oci/testing'
import { createContext } from '../../context.ts'
import type { GpregEvent } from '../../events.ts'
import type { ImageSet, NamedImage } from '../../gitpod/image-set.ts'
import { planSave, saveBundle, type SaveOptions } from './save.ts'
import { verifyBundle } from './verify-bundle.ts'

/** Without time, so that the same images make the same bundle. */
const world = { sleep: async () => {}, now: () => 0 }
const context = createContext(world)
const old = sampleImage(['base', 'old'])
const young = sampleImage(['base', 'young'])

let directory: string
let store: MemoryStore
let server: ListeningServer
let registries: Registries
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-save-'))
  store = new MemoryStore()
  server = await createRegistryServer(store, {}, context).listen('127.0.0.1', 0)
  registries = await createRegistries({ env: {} }, context)
})
afterEach(async () => {
  await registries.close()
  await server.close()
  await rm(directory, { recursive: true })
})

const push = (name: string, image: Sample) => pushSample(store.repository(name), image, '1')

/** An image whose manifest is there, and its last layer is not. */
async function pushBroken(name: string, image: Sample): Promise<void> {
  await push(name, image)
  await store.repository(name).delete([...image.blobs.values()].at(-1)!.descriptor)
}

function setOf(...names: string[]): ImageSet<NamedImage> {
  const images = names.map(name => ({
    source: parseReference(`127.0.0.1:${server.port}/${name}:1`),
    name: { repository: name, tag: '1' },
    purpose: 'components' as const,
    origins: [],
  }))
  return { images, excluded: [] }
}

const save = (names: readonly string[], options: Pick<SaveOptions, 'path' | 'form'>, run = context) =>
  saveBundle(setOf(...names), registries, { tool: 'gpreg 0', ...options }, run)

describe('a directory with a bundle', () => {
  it('keeps it whole while a save of another one fails, and has the other one once a save succeeds', async () => {
    const options = { path: join(directory, 'b'), form: 'directory' } as const
    await push('app', old)
    await save(['app'], options)
    await push('app', young)
    await pushBroken('broken', sampleImage(['broken']))

    const failed = await save(['app', 'broken'], options)
    expect(failed.totals).toMatchObject({ images: 2, failed: 1 })
    expect(await verifyBundle([options.path], undefined, context)).toMatchObject({
      problems: [],
      totals: { images: 1 },
    })

    await push('broken', sampleImage(['broken']))
    expect((await save(['app', 'broken'], options)).totals.failed).toBe(0)
    expect(await verifyBundle([options.path], undefined, context)).toMatchObject({
      problems: [],
      totals: { images: 2 },
    })
    expect(await readdir(join(options.path, 'ingest'))).toEqual([])
  })
})

it.skipIf(lacks('tar'))('a directory with a bundle is one in a tar, too', async () => {
  const [path, tar] = [join(directory, 'b'), join(directory, 'b.tar')]
  await push('app', old)
  await save(['app'], { path, form: 'directory' })
  await promisify(execFile)('tar', ['-C', path, '-cf', tar, '.'])
  expect(await verifyBundle([tar], undefined, context)).toMatchObject({
    problems: [],
    totals: { images: 1 },
  })
})

describe('an archive', () => {
  const emitting = (events: GpregEvent[], signal = new AbortController().signal) =>
    createContext({ ...world, emit: event => void events.push(event), signal })

  it('that was begun is begun anew if the source has dropped what it began with', async () => {
    const options = { path: join(directory, 'x.tar'), form: 'archive' } as const
    await push('app', old)
    await pushBroken('broken', sampleImage(['broken']))
    expect((await save(['app', 'broken'], options)).totals.failed).toBe(1)
    await push('app', young)
    await store.repository('app').delete(old.descriptor)
    await push('broken', sampleImage(['broken']))

    const events: GpregEvent[] = []
    const saved = await save(['app', 'broken'], options, emitting(events))
    expect(saved.totals.failed).toBe(0)
    expect(saved.images[0]).toMatchObject({ digest: young.descriptor.digest })
    const warnings = events.flatMap(event => (event.type === 'warning' ? event.message : []))
    expect(warnings[1]).toMatch(/^.*x\.tar\.partial cannot be finished/)
    expect(await readdir(directory)).toEqual(['x.tar', 'x.tar.manifest.json'])
  })

  it('is not hashed to its end after an interruption, nor written again', async () => {
    const options = { path: join(directory, 'x.tar'), form: 'archive' } as const
    await push('app', old)
    await save(['app'], options)
    const abort = new AbortController()
    const events: GpregEvent[] = []
    const run = emitting(events, abort.signal)
    const emit = (event: GpregEvent) => (run.emit(event), event.type === 'plan.image' && abort.abort())
    await expect(save(['app'], options, { ...run, emit })).rejects.toMatchObject({ code: 'aborted' })
    expect(events.at(-1)?.type).toBe('read.started')
    expect(await readdir(directory)).toEqual(['x.tar', 'x.tar.manifest.json'])
  })
})

it('a bundle that is not begun counts the images that could be read, too', async () => {
  const options = { path: join(directory, 'x.tar'), form: 'archive', tool: 'gpreg 0' } as const
  await push('app', old)
  const set = setOf('app', 'missing')
  const saved = await saveBundle(set, registries, options, context)
  expect(saved.totals).toMatchObject({ images: 2, copied: 0, failed: 1 })
  expect(saved.images.map(({ target, error }) => [target, error?.code])).toEqual([['missing:1', 'not-found']])
  const plan = await planSave(set, registries, options, context)
  expect(plan.totals).toMatchObject({ images: 2, toCopy: 1, failed: 1 })
  expect(plan.totals.bytes.send).toBe(
    [...old.blobs.values()].reduce((sum, { descriptor }) => sum + descriptor.size, 0),
  )
  expect(await readdir(directory)).toEqual([])
})

it('tells what is read of an archive: all its volumes and blobs by a check, its volumes by a save that finds it whole', async () => {
  await push('old', old)
  const path = join(directory, 'release.tar')
  const seen: GpregEvent[] = []
  const told = createContext({ ...world, emit: event => void seen.push(event) })
  const reads = () => {
    const announced = seen.map(event => (event.type === 'read.started' ? (event.bytes ?? 0) : 0))
    const read = seen.map(event => (event.type === 'read.progress' ? event.bytes : 0))
    return [announced, read].map(all => all.reduce((sum, bytes) => sum + bytes, 0))
  }
  await save(['old'], { path, form: 'archive' }, told)
  expect(reads()).toEqual([0, 0])
  const { size } = await stat(path)
  await save(['old'], { path, form: 'archive' }, told)
  expect(reads()).toEqual([size, size])
  seen.length = 0
  const { totals } = await verifyBundle([path], undefined, told)
  const [announced, read] = reads()
  expect(read).toBe(totals.bytes)
  // Manifests are blobs of an archive, too, and are not read as a stream.
  expect(announced).toBeGreaterThanOrEqual(totals.bytes)
  expect(announced! - read!).toBeLessThan(4096)
})

it('a check of what is no bundle is an error, as its load is, and no damage', async () => {
  const path = join(directory, 'list.txt')
  await writeFile(path, 'docker.io/library/redis:6.2\n'.repeat(20))
  await expect(verifyBundle([path], undefined, context)).rejects.toMatchObject({ code: 'input-invalid' })
})
