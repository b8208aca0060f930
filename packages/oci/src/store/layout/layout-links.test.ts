import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { digestOf } from '../../model/hash.ts'
import { contentFrom } from '../content.ts'
import { pushSample, sampleImage } from '../../testing/sample-image.ts'
import { LayoutStore } from './layout-store.ts'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-links-'))
  directories.push(directory)
  return directory
}

describe.each(['blobs', 'blobs/sha256'])('a layout whose %s is a link to the same folder outside', folder => {
  const image = sampleImage(['x'])
  const [config] = [...image.blobs.values()]
  let root: string
  let outside: string

  beforeEach(async () => {
    root = await newDirectory()
    outside = join(await newDirectory(), 'outside')
    await pushSample((await LayoutStore.open(root)).repository('a'), image, '1')
    await rename(join(root, folder), outside)
    await symlink(outside, join(root, folder))
  })

  it.each([
    ['a writer', () => LayoutStore.open(root)],
    ['a reader', () => LayoutStore.read(root)],
  ])('has no content for %s', async (_, open) => {
    const repository = (await open()).repository('a')
    await expect(Array.fromAsync(repository.fetch(config!.descriptor))).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(repository.resolve(image.descriptor.digest)).rejects.toMatchObject({ code: 'not-found' })
    expect(await repository.exists(config!.descriptor)).toBe(false)
    expect(await repository.sizeOf(config!.descriptor.digest)).toBeUndefined()
    expect(await repository.referrers(image.descriptor.digest)).toEqual([])
  })

  it('writes and deletes nothing outside', async () => {
    const before = await readdir(outside, { recursive: true })
    const repository = (await LayoutStore.open(root)).repository('a')
    const refused = { code: 'storage', message: expect.stringContaining('symbolic link') }
    await expect(pushSample(repository, sampleImage(['y']), '2')).rejects.toMatchObject(refused)
    const ingest = (await repository.ingest())!
    await ingest.append(contentFrom(Buffer.from('z')).open({}))
    await expect(ingest.commit(digestOf('z'))).rejects.toMatchObject(refused)
    await expect(repository.delete(config!.descriptor)).rejects.toMatchObject({ code: 'not-found' })
    expect(await readdir(outside, { recursive: true })).toEqual(before)
  })
})

it('takes no uploads through a link', async () => {
  const root = await newDirectory()
  const outside = await newDirectory()
  const repository = (await LayoutStore.open(root)).repository('a')
  const begun = (await repository.ingest())!
  await rename(join(root, 'ingest'), join(outside, 'ingest'))
  await symlink(join(outside, 'ingest'), join(root, 'ingest'))
  const refused = { code: 'storage' }
  await expect(repository.ingest()).rejects.toMatchObject(refused)
  await expect(begun.append(contentFrom(Buffer.from('x')).open({}))).rejects.toMatchObject(refused)
  expect(await repository.ingest(begun.id)).toBeUndefined()
  await expect(LayoutStore.open(root)).rejects.toMatchObject(refused)
  expect(await readdir(join(outside, 'ingest'))).toEqual([begun.id])
})

it('does not append to a link in place of an upload', async () => {
  const root = await newDirectory()
  const target = join(await newDirectory(), 'target')
  await writeFile(target, '')
  const repository = (await LayoutStore.open(root)).repository('a')
  const begun = (await repository.ingest())!
  await rm(join(root, 'ingest', begun.id))
  await symlink(target, join(root, 'ingest', begun.id))
  await expect(begun.append(contentFrom(Buffer.from('x')).open({}))).rejects.toMatchObject({
    code: 'storage',
  })
})

it('keeps its names when a link to other names comes in place of its index', async () => {
  const root = await newDirectory()
  const other = await newDirectory()
  const image = sampleImage(['x'])
  const repository = (await LayoutStore.open(root)).repository('a')
  await pushSample(repository, image, '1')
  await pushSample((await LayoutStore.open(other)).repository('secret'), sampleImage(['y']), '1')
  await rm(join(root, 'index.json'))
  await symlink(join(other, 'index.json'), join(root, 'index.json'))
  expect(await Array.fromAsync(repository.tags())).toEqual(['1'])
  await expect(repository.tag('2', image.descriptor, image.bytes)).rejects.toMatchObject({
    code: 'input-unreadable',
  })
  expect(await Array.fromAsync((await LayoutStore.open(other)).repositories())).toEqual(['secret'])
})

it('may itself be reached by a link', async () => {
  const root = join(await newDirectory(), 'link')
  const real = join(await newDirectory(), 'real')
  await mkdir(real)
  await symlink(real, root)
  await pushSample((await LayoutStore.open(root)).repository('a'), sampleImage(['x']), '1')
  expect(await Array.fromAsync((await LayoutStore.open(real)).repositories())).toEqual(['a'])
})
