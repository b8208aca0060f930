import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { MediaType } from '../model/descriptor.ts'
import { digestOf } from '../model/hash.ts'
import { describe as blobOf, pushSample, sampleImage } from '../testing/sample-image.ts'
import { storeContract } from '../testing/store-contract.ts'
import { contentFrom, type ByteStream, type Store } from './content.ts'
import { LayoutStore } from './layout/layout-store.ts'
import { MemoryStore } from './memory-store.ts'
import { writerMark } from '../machine/writer.ts'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-layout-'))
  directories.push(directory)
  return directory
}

storeContract('MemoryStore', async () => new MemoryStore(), { keepsRepositoriesApart: true })
storeContract('LayoutStore', async () => LayoutStore.open(await newDirectory()), {
  keepsRepositoriesApart: false,
})
storeContract(
  'LayoutStore that is saved into',
  async () => LayoutStore.resume(await newDirectory(), Date.now(), new Set()),
  {
    keepsRepositoriesApart: false,
  },
)

it.each([
  ['memory', async (): Promise<Store> => new MemoryStore()],
  ['a layout', async (): Promise<Store> => LayoutStore.open(await newDirectory())],
])('%s checks a manifest whose bytes were pushed as a blob', async (_, make) => {
  const repository = (await make()).repository('a')
  const image = sampleImage(['x'])
  const asBlob = { ...image.descriptor, mediaType: MediaType.octetStream }
  await repository.push(asBlob, contentFrom(image.bytes))
  await expect(repository.tag('1', image.descriptor, image.bytes)).rejects.toMatchObject({
    code: 'blob-unknown',
  })
  await pushSample(repository, image, '1')
  expect(await repository.resolve('1')).toEqual(image.descriptor)
})

describe('a layout on disk', () => {
  it('follows the specification, and is the same when opened again', async () => {
    const root = await newDirectory()
    const image = sampleImage(['layer'])
    await pushSample((await LayoutStore.open(root)).repository('library/app'), image, '1.0')
    expect(JSON.parse(await readFile(join(root, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    })
    expect(JSON.parse(await readFile(join(root, 'index.json'), 'utf8'))).toMatchObject({
      schemaVersion: 2,
      manifests: [
        {
          digest: image.descriptor.digest,
          annotations: { 'org.opencontainers.image.ref.name': 'library/app:1.0' },
        },
      ],
    })
    const again = await LayoutStore.open(root)
    expect((await again.repository('library/app').resolve('1.0')).digest).toBe(image.descriptor.digest)
    expect(await collect(again.repositories())).toEqual(['library/app'])
  })

  it('keeps entries and fields of other tools in its index', async () => {
    const root = await newDirectory()
    await pushSample((await LayoutStore.open(root)).repository('a'), sampleImage(['x']), '1')
    const index = JSON.parse(await readFile(join(root, 'index.json'), 'utf8'))
    const foreign = { ...index.manifests[0], annotations: { 'vnd.example.note': 'keep' }, 'x-unknown': true }
    await writeFile(
      join(root, 'index.json'),
      JSON.stringify({ ...index, manifests: [...index.manifests, foreign], annotations: { a: 'b' } }),
    )
    await pushSample((await LayoutStore.open(root)).repository('a'), sampleImage(['y']), '2')
    const after = JSON.parse(await readFile(join(root, 'index.json'), 'utf8'))
    expect(after.annotations).toEqual({ a: 'b' })
    expect(after.manifests).toContainEqual(foreign)
    expect(after.manifests).toHaveLength(3)
  })

  it('has every tag on disk when tagging returns, however many at once', async () => {
    const root = await newDirectory()
    const repository = (await LayoutStore.open(root)).repository('a')
    const image = sampleImage(['x'])
    await pushSample(repository, image)
    await Promise.all(
      Array.from({ length: 200 }, (_, tag) => repository.tag(`t${tag}`, image.descriptor, image.bytes)),
    )
    expect(JSON.parse(await readFile(join(root, 'index.json'), 'utf8')).manifests).toHaveLength(200)
  })

  it.each([
    '{',
    '{"schemaVersion":1}',
    '{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:../../x","size":1}]}',
  ])('is refused with an index like %s', async text => {
    const root = await newDirectory()
    await writeFile(join(root, 'index.json'), text)
    await expect(LayoutStore.open(root)).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('is not made in a directory with other files', async () => {
    const root = await newDirectory()
    await writeFile(join(root, 'thesis.txt'), 'mine')
    await expect(LayoutStore.open(root)).rejects.toMatchObject({ code: 'input-invalid' })
    expect(await readdir(root)).toEqual(['thesis.txt'])
  })

  it('does not follow a link out of its directory', async () => {
    const root = await newDirectory()
    const repository = (await LayoutStore.open(root)).repository('a')
    const secret = join(await newDirectory(), 'secret')
    await writeFile(secret, 'secret')
    await symlink(secret, join(root, 'blobs', 'sha256', digestOf('secret').slice(7)))
    const descriptor = { mediaType: MediaType.ociLayerGzip, digest: digestOf('secret'), size: 6 }
    await expect(collect(repository.fetch(descriptor))).rejects.toMatchObject({ code: 'not-found' })
    expect(await repository.exists(descriptor)).toBe(false)
    expect(await repository.referrers(descriptor.digest)).toEqual([])
  })

  it('does not block on a pipe in place of a blob', async () => {
    const root = await newDirectory()
    const repository = (await LayoutStore.open(root)).repository('a')
    await promisify(execFile)('mkfifo', [join(root, 'blobs', 'sha256', digestOf('pipe').slice(7))])
    const descriptor = { mediaType: MediaType.ociLayerGzip, digest: digestOf('pipe'), size: 4 }
    await expect(collect(repository.fetch(descriptor))).rejects.toMatchObject({ code: 'not-found' })
  })

  it.each([
    ['a pipe', (path: string) => promisify(execFile)('mkfifo', [path]), /it is no file/],
    ['a link', (path: string) => symlink('/etc/hostname', path), /symbolic link/],
    [
      'without end',
      (path: string) => promisify(execFile)('truncate', ['-s', '10G', path]),
      /10737418240 bytes/,
    ],
  ])('is refused if its index is %s, and left unchanged', async (_, make, message) => {
    const root = await newDirectory()
    await LayoutStore.open(root)
    const index = join(root, 'index.json')
    await rm(index)
    await make(index)
    const before = await lstat(index)
    for (const open of [LayoutStore.open, LayoutStore.read])
      await expect(open(root)).rejects.toMatchObject({
        code: 'input-unreadable',
        message: expect.stringMatching(message),
      })
    expect((await lstat(index)).ino).toBe(before.ino)
  })

  it('keeps the names that another process writes meanwhile', async () => {
    const root = await newDirectory()
    const ours = await LayoutStore.open(root)
    const theirs = await LayoutStore.open(root)
    await pushSample(theirs.repository('theirs'), sampleImage(['x']), '1')
    await pushSample(ours.repository('ours'), sampleImage(['y']), '1')
    expect(await collect((await LayoutStore.open(root)).repositories())).toEqual(['ours', 'theirs'])
    expect(await collect(ours.repositories())).toEqual(['ours', 'theirs'])
  })

  it('lists no tag that is not on disk', async () => {
    const root = await newDirectory()
    const repository = (await LayoutStore.open(root)).repository('a')
    const image = sampleImage(['x'])
    await pushSample(repository, image)
    await rm(join(root, 'ingest'), { recursive: true })
    await writeFile(join(root, 'ingest'), 'in the way')
    await expect(repository.tag('1', image.descriptor, image.bytes)).rejects.toMatchObject({
      code: 'storage',
    })
    await expect(repository.resolve('1')).rejects.toMatchObject({ code: 'not-found' })
    await rm(join(root, 'ingest'))
    await mkdir(join(root, 'ingest'))
    await repository.tag('1', image.descriptor, image.bytes)
    expect((await repository.resolve('1')).digest).toBe(image.descriptor.digest)
  })

  it('deletes no content that something else needs', async () => {
    const store = await LayoutStore.open(await newDirectory())
    const image = sampleImage(['layer'])
    const [, layer] = [...image.blobs.values()]
    for (const name of ['a', 'b']) await pushSample(store.repository(name), image, '1')
    const refused = { code: 'forbidden' }
    await expect(store.repository('a').delete(image.descriptor)).rejects.toMatchObject(refused)
    await expect(store.repository('a').delete(layer!.descriptor)).rejects.toMatchObject(refused)
    expect(await store.repository('b').exists(layer!.descriptor)).toBe(true)
    await store.repository('b').untag('1')
    await store.repository('a').delete(image.descriptor)
    await store.repository('a').delete(layer!.descriptor)
    expect(await store.repository('b').exists(layer!.descriptor)).toBe(false)
  })

  it('removes temporary files of ended processes, and keeps uploads to be continued', async () => {
    const root = await newDirectory()
    const upload = (await (await LayoutStore.open(root)).repository('a').ingest())!
    const gone = spawnSync(process.execPath, ['-e', ''])
    const here = await writerMark()
    const elsewhere = `other-host~${gone.pid}~1~x`
    for (const name of [here, elsewhere, `${hostname()}~${gone.pid}~1~x`, `${hostname()}~${process.pid}~1~x`])
      await writeFile(join(root, 'ingest', name), 'x')
    await LayoutStore.open(root)
    expect((await readdir(join(root, 'ingest'))).sort()).toEqual([here, elsewhere, upload.id].sort())
  })

  it('passes an error of the network on, even with a code like one of the disk', async () => {
    const repository = (await LayoutStore.open(await newDirectory())).repository('a')
    const { descriptor } = blobOf('right', MediaType.ociLayerGzip)
    const reset = Object.assign(new RangeError('reset'), { code: 'ECONNRESET' })
    async function* broken(): ByteStream {
      yield Buffer.from('ri')
      throw reset
    }
    await expect(repository.push(descriptor, { open: broken })).rejects.toBe(reset)
    const ingest = (await repository.ingest())!
    await expect(ingest.append(broken())).rejects.toBe(reset)
    expect(ingest.size).toBe(2)
  })

  it('leaves no temporary file behind when a push fails, and clears old ones', async () => {
    const root = await newDirectory()
    const repository = (await LayoutStore.open(root)).repository('a')
    const { descriptor } = blobOf('right', MediaType.ociLayerGzip)
    await expect(repository.push(descriptor, contentFrom(Buffer.from('wrong')))).rejects.toMatchObject({
      code: 'digest-mismatch',
    })
    expect(await readdir(join(root, 'ingest'))).toEqual([])
    const old = join(root, 'ingest', 'left')
    await writeFile(old, 'x')
    await utimes(old, 1, 1)
    await LayoutStore.open(root)
    await expect(stat(old)).rejects.toThrow('ENOENT')
  })

  it('continues an upload in another process, and checks the whole', async () => {
    const root = await newDirectory()
    const first = (await (await LayoutStore.open(root)).repository('a').ingest())!
    await first.append(contentFrom(Buffer.from('one ')).open({}))
    const again = (await (await LayoutStore.open(root)).repository('b').ingest(first.id))!
    expect(again.size).toBe(4)
    await again.append(contentFrom(Buffer.from('two')).open({}))
    const repository = (await LayoutStore.open(root)).repository('a')
    const descriptor = await again.commit(digestOf('one two'))
    expect(Buffer.concat(await collect(repository.fetch(descriptor))).toString()).toBe('one two')
    expect(await repository.ingest(first.id)).toBeUndefined()
  })

  it('has no wrong blob after a kill -9 at any moment', async () => {
    const root = await newDirectory()
    await LayoutStore.open(root)
    const script = `
      import { randomBytes } from 'node:crypto'
      import { LayoutStore } from ${JSON.stringify(new URL('layout/layout-store.ts', import.meta.url).href)}
      import { describe } from ${JSON.stringify(new URL('../testing/sample-image.ts', import.meta.url).href)}
      import { contentFrom } from ${JSON.stringify(new URL('content.ts', import.meta.url).href)}
      const repository = (await LayoutStore.open(${JSON.stringify(root)})).repository('a')
      for (;;) {
        const { descriptor, bytes } = describe(randomBytes(2_000_000), 'application/octet-stream')
        await repository.push(descriptor, contentFrom(bytes))
        console.log('pushed')
      }`
    for (const milliseconds of [10, 60, 110]) {
      const running = spawn(process.execPath, ['--input-type=module', '-e', script])
      await once(running.stdout, 'data')
      await sleep(milliseconds)
      running.kill('SIGKILL')
      await once(running, 'exit')
      expect(running.signalCode).toBe('SIGKILL')
    }
    const names = await readdir(join(root, 'blobs', 'sha256'))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names)
      expect(digestOf(await readFile(join(root, 'blobs', 'sha256', name)))).toBe(`sha256:${name}`)
  }, 20_000)
})
