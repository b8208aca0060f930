import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { isGpregError } from '../../errors.ts'
import { MediaType, type Descriptor } from '../../model/descriptor.ts'
import { digestOf } from '../../model/hash.ts'
import { describe as blobOf, pushSample, sampleImage } from '../../testing/sample-image.ts'
import { storeContract } from '../../testing/store-contract.ts'
import { contentFrom, type ByteStream, type Content } from '../content.ts'
import { namedEntry } from '../layout/layout-content.ts'
import { Archive } from './archive-reader.ts'
import { partialPath, volumesOf, type ArchiveOutput } from './archive-files.ts'
import { ArchiveWriter, discardBeginning } from './archive-writer.ts'
import { BLOCK, decodeHeader, decodePax, encodeHeader } from './tar-header.ts'
import { planTar, type TarContents } from './tar-plan.ts'

/** A document beside those of an OCI layout. */
const NOTE = 'note.json'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-archive-'))
  directories.push(directory)
  return directory
}

function contents(blobs: readonly Descriptor[], more: Partial<TarContents> = {}): TarContents {
  return {
    documents: { [NOTE]: '{}\n' },
    entries: [],
    manifests: [],
    blobs,
    created: 1_669_000_000_000,
    ...more,
  }
}

const unfinished: ArchiveWriter[] = []
afterEach(async () => {
  for (const archive of unfinished.splice(0)) await archive[Symbol.asyncDispose]()
})

storeContract(
  'ArchiveWriter',
  async planned => {
    const target = { path: join(await newDirectory(), 'x.tar'), volumeSize: 100_000 }
    const archive = (await ArchiveWriter.open(target, planTar(contents(planned))))!
    unfinished.push(archive)
    return archive
  },
  { keepsRepositoriesApart: false },
)

/** Writes blobs whole into an archive, in the order given, and answers its files. */
async function writeWhole(
  target: ArchiveOutput,
  plan: TarContents,
  blobs: readonly Buffer[],
): Promise<string[]> {
  const tar = planTar(plan)
  await using archive = (await ArchiveWriter.open(target, tar))!
  const repository = archive.repository('a')
  await Promise.all(
    blobs.map(bytes => repository.push(blobOf(bytes, MediaType.ociLayerGzip).descriptor, contentFrom(bytes))),
  )
  let sums: string[] = []
  await archive.finish(
    async () => {},
    async volumes => void (sums = volumes.map(({ sha256 }) => sha256)),
  )
  const paths = volumesOf(target, tar.size).map(({ path }) => path)
  const found = await Promise.all(
    paths.map(async path =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ),
  )
  expect(sums).toEqual(found)
  return paths
}

const descriptors = (blobs: readonly Buffer[]) =>
  blobs.map(bytes => blobOf(bytes, MediaType.ociLayerGzip).descriptor)

describe('a tar header', () => {
  it('is read back as written, for any length of name and any size', () => {
    const name = fc.stringMatching(/^[a-z0-9/]{1,250}$/)
    fc.assert(
      fc.property(name, fc.nat({ max: 2 ** 43 }), (name, size) => {
        const header = encodeHeader({ name, size, mtime: 1 })
        expect(header.byteLength % BLOCK).toBe(0)
        const last = decodeHeader(header.subarray(-BLOCK), 'x')!
        const first = decodeHeader(header.subarray(0, BLOCK), 'x')!
        const pax =
          first.type === 'x' ? decodePax(header.subarray(BLOCK, BLOCK + first.size), 'x') : new Map()
        expect(pax.get('path') ?? last.name).toBe(name)
        expect(Number(pax.get('size') ?? last.size)).toBe(size)
      }),
    )
  })

  it('of more than 8 GiB is read by tar', async () => {
    const path = join(await newDirectory(), 'large.tar')
    const size = 9_000_000_000
    const descriptor = { mediaType: MediaType.octetStream, digest: digestOf('large'), size }
    const plan = planTar(contents([descriptor]))
    await using file = await open(path, 'w')
    await file.write(plan.head, 0, plan.head.length, 0)
    await file.write(plan.slots[0]!.header, 0, plan.slots[0]!.header.length, plan.slots[0]!.offset)
    await file.truncate(plan.size)
    const { stdout } = await promisify(execFile)('tar', ['tvf', path])
    expect(stdout).toMatch(/ 9000000000 .* blobs\/sha256\//)
    await using archive = await Archive.open(path, { name: 'large', documents: [NOTE] })
    expect(archive.index.blobs.get(descriptor.digest)?.size).toBe(size)
  })
})

describe('an archive', () => {
  it('has the same bytes for any order of writes and any size of volumes', async () => {
    const blobs = [randomBytes(2_000_000), randomBytes(300_000), Buffer.from('small'), Buffer.alloc(0)]
    const plan = contents(descriptors(blobs))
    const directory = await newDirectory()
    const [whole] = await writeWhole({ path: join(directory, 'whole.tar') }, plan, blobs)
    const cut = await writeWhole(
      { path: join(directory, 'cut.tar'), volumeSize: 123_457 },
      plan,
      blobs.toReversed(),
    )
    expect(cut.length).toBeGreaterThan(10)
    expect(
      Buffer.concat(await Promise.all(cut.map(path => readFile(path)))).equals(await readFile(whole!)),
    ).toBe(true)
    expect(await readdir(directory)).toEqual(
      expect.not.arrayContaining(['whole.tar.partial', 'cut.tar.partial']),
    )
  })

  it('gives back images, names and referrers across volumes', async () => {
    const image = sampleImage([randomBytes(100_000)])
    const sbom = sampleImage(['sbom'], { subject: image.descriptor, artifactType: 'application/spdx+json' })
    const samples = [image, sbom]
    const tar = planTar(
      contents(
        samples.flatMap(({ blobs }) => [...blobs.values()].map(blob => blob.descriptor)),
        {
          manifests: samples.map(({ descriptor }) => descriptor),
          entries: [namedEntry('library/app:1.0', image.descriptor)],
        },
      ),
    )
    const target = { path: join(await newDirectory(), 'x.tar'), volumeSize: 5_000 }
    await using writer = (await ArchiveWriter.open(target, tar))!
    await pushSample(writer.repository('library/app'), image, '1.0')
    await pushSample(writer.repository('library/app'), sbom)
    await writer.finish(
      async () => {},
      async () => {},
    )
    await using archive = await Archive.open(
      volumesOf(target, tar.size).map(({ path }) => path),
      { name: 'x', documents: [NOTE] },
    )
    const repository = archive.repository('library/app')
    expect(await repository.resolve('1.0')).toEqual(image.descriptor)
    expect(await collect(repository.tags())).toEqual(['1.0'])
    expect(await collect(archive.repositories())).toEqual(['library/app'])
    expect(await repository.referrers(image.descriptor.digest)).toMatchObject([
      { digest: sbom.descriptor.digest },
    ])
    for (const { descriptor, bytes } of [...image.blobs.values()]) {
      expect(Buffer.concat(await collect(repository.fetch(descriptor))).equals(bytes)).toBe(true)
      const tail = Buffer.concat(await collect(repository.fetch(descriptor, { offset: 5 })))
      expect(tail.equals(bytes.subarray(5))).toBe(true)
    }
    await expect(repository.resolve('2.0')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('continues where it stopped, and requests only the rest', async () => {
    const blobs = [randomBytes(20_000_000), randomBytes(100_000)]
    const plan = contents(descriptors(blobs))
    const target = { path: join(await newDirectory(), 'x.tar'), volumeSize: 3_000_000 }
    {
      await using first = (await ArchiveWriter.open(target, planTar(plan)))!
      const [large, small] = descriptors(blobs)
      await first.repository('a').push(small!, contentFrom(blobs[1]!))
      await expect(first.repository('a').push(large!, broken(blobs[0]!, 13_000_000))).rejects.toThrow('line')
    }
    expect(await stat(target.path + '.001').catch(() => undefined)).toBeUndefined()
    await using second = (await ArchiveWriter.open(target, planTar(plan)))!
    const [large, small] = descriptors(blobs)
    const repository = second.repository('a')
    expect(await repository.exists(small!)).toBe(true)
    expect(await repository.exists(large!)).toBe(false)
    const offsets: number[] = []
    await repository.push(large!, {
      open: call => {
        offsets.push(call.offset ?? 0)
        return contentFrom(blobs[0]!).open(call)
      },
    })
    expect(offsets).toHaveLength(1)
    expect(offsets[0]).toBeGreaterThan(12_000_000)
  })

  it.each(['finished', 'half'])(
    'hashes what was there, and writes %s content again where it is wrong',
    async state => {
      const blobs = [randomBytes(9_500_000)]
      const plan = planTar(contents(descriptors(blobs)))
      const target = { path: join(await newDirectory(), 'x.tar') }
      const [descriptor] = descriptors(blobs)
      {
        await using first = (await ArchiveWriter.open(target, plan))!
        const content = state === 'finished' ? contentFrom(blobs[0]!) : broken(blobs[0]!, 9_000_000)
        await first
          .repository('a')
          .push(descriptor!, content)
          .catch(() => {})
      }
      await flip(join(partialPath(target.path), 'x.tar'), plan.slots[0]!.offset + 5000)
      await using second = (await ArchiveWriter.open(target, plan))!
      expect(await second.repository('a').exists(descriptor!)).toBe(false)
      await second.repository('a').push(descriptor!, contentFrom(blobs[0]!))
      let sha256 = ''
      await second.finish(
        async () => {},
        async ([volume]) => void (sha256 = volume!.sha256),
      )
      expect(digestOf(await readFile(target.path))).toBe(`sha256:${sha256}`)
      await using archive = await Archive.open(target.path, { name: 'x', documents: [NOTE] })
      await collect(archive.repository('a').fetch(descriptor!))
    },
  )

  it('rewrites headers, padding and head that a kill left wrong', async () => {
    const blobs = [randomBytes(100_001), randomBytes(50_001)]
    const plan = planTar(contents(descriptors(blobs)))
    const path = join(await newDirectory(), 'x.tar')
    {
      await using first = (await ArchiveWriter.open({ path }, plan))!
      await first.repository('a').push(descriptors(blobs)[0]!, contentFrom(blobs[0]!))
    }
    const [slot] = plan.slots
    for (const at of [0, slot!.offset + 3, slot!.offset + BLOCK + slot!.size + 1, plan.size - 1])
      await flip(join(partialPath(path), 'x.tar'), at)
    const [whole] = await writeWhole({ path }, contents(descriptors(blobs)), blobs)
    const [other] = await writeWhole(
      { path: join(await newDirectory(), 'x.tar') },
      contents(descriptors(blobs)),
      blobs,
    )
    expect((await readFile(whole!)).equals(await readFile(other!))).toBe(true)
  })

  it.each(['', 'gpreg sha2', 'gpreg sha256:'])('starts over after a torn journal: %j', async torn => {
    const target = { path: join(await newDirectory(), 'x.tar') }
    const plan = planTar(contents(descriptors([Buffer.from('x')])))
    await mkdir(partialPath(target.path))
    await writeFile(join(partialPath(target.path), 'journal'), torn)
    for (const time of ['first', 'second']) {
      const archive = await ArchiveWriter.open(target, plan)
      expect(archive, time).toBeDefined()
      await archive![Symbol.asyncDispose]()
    }
  })

  it.each(['before the first name', 'between two names', 'behind the last name'])(
    'is finished after a kill %s',
    async moment => {
      const blobs = [randomBytes(20_000), randomBytes(9_000)]
      const target = { path: join(await newDirectory(), 'x.tar'), volumeSize: 10_000 }
      const plan = planTar(contents(descriptors(blobs)))
      const [first] = volumesOf(target, plan.size)
      // Of another bundle that was here before.
      await writeFile(first!.path, 'old')
      {
        await using killed = (await ArchiveWriter.open(target, plan))!
        for (const [at, bytes] of blobs.entries())
          await killed.repository('a').push(descriptors(blobs)[at]!, contentFrom(bytes))
        const stop = async () => {
          throw new RangeError('killed')
        }
        const go = async () => {}
        await expect(killed.finish(moment.startsWith('before') ? stop : go, stop)).rejects.toThrow('killed')
      }
      if (moment.startsWith('between')) {
        const drafts = partialPath(target.path)
        for (const { path } of volumesOf(target, plan.size).slice(1))
          await rename(path, join(drafts, basename(path)))
      }
      const paths = await writeWhole(target, contents(descriptors(blobs)), blobs)
      expect(await readdir(dirname(target.path))).toEqual(paths.map(path => basename(path)))
      await using archive = await Archive.open(paths, { name: 'x', documents: [NOTE] })
      for (const descriptor of descriptors(blobs)) await collect(archive.repository('a').fetch(descriptor))
    },
  )

  it('is written by one process at a time, also after another was killed', async () => {
    const target = { path: join(await newDirectory(), 'x.tar') }
    const plan = planTar(contents([]))
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    await mkdir(partialPath(target.path))
    for (const claim of [`${hostname()}~${pid}~1~x`, `${hostname()}~${process.pid}~1~x`, 'other~1~1~x'])
      await writeFile(join(partialPath(target.path), `claim~${claim}`), '')
    const archive = (await ArchiveWriter.open(target, plan))!
    const refusal = { code: 'storage', message: expect.stringContaining(`process ${process.pid}`) }
    await expect(ArchiveWriter.open(target, plan)).rejects.toMatchObject(refusal)
    await expect(discardBeginning(target.path)).rejects.toMatchObject(refusal)
    await archive[Symbol.asyncDispose]()
    await (await ArchiveWriter.open(target, plan))![Symbol.asyncDispose]()
    await discardBeginning(target.path)
    expect(await readdir(dirname(target.path))).toEqual([])
  })

  it('leaves the draft to a writer that has taken over', async () => {
    const target = { path: join(await newDirectory(), 'x.tar') }
    const drafts = partialPath(target.path)
    const plan = planTar(contents([]))
    await using lost = (await ArchiveWriter.open(target, plan))!
    for (const name of await readdir(drafts)) if (name.startsWith('claim~')) await rm(join(drafts, name))
    await using archive = (await ArchiveWriter.open(target, plan))!
    const done: string[] = []
    const finish = (writer: ArchiveWriter, name: string) =>
      writer.finish(
        async () => void done.push(`${name} clears`),
        async () => void done.push(`${name} seals`),
      )
    await expect(finish(lost, 'lost')).rejects.toMatchObject({ code: 'storage' })
    await finish(archive, 'archive')
    expect(done).toEqual(['archive clears', 'archive seals'])
    expect(await readdir(dirname(target.path))).toEqual(['x.tar'])
  })

  it('refuses content with another size than planned', async () => {
    const [bytes] = [Buffer.alloc(600, 'x')]
    const [descriptor] = descriptors([bytes])
    const plan = planTar(contents([{ ...descriptor!, size: 100 }]))
    await using archive = (await ArchiveWriter.open({ path: join(await newDirectory(), 'x.tar') }, plan))!
    await expect(archive.repository('a').push(descriptor!, contentFrom(bytes))).rejects.toMatchObject({
      code: 'size-mismatch',
    })
  })

  it('is not continued as another archive', async () => {
    const target = { path: join(await newDirectory(), 'x.tar') }
    await (await ArchiveWriter.open(target, planTar(contents([]))))![Symbol.asyncDispose]()
    expect(
      await ArchiveWriter.open(target, planTar(contents(descriptors([Buffer.from('x')])))),
    ).toBeUndefined()
  })
})

const emptyBlob = (number: number): Descriptor => ({
  mediaType: MediaType.octetStream,
  digest: `sha256:${number.toString(16).padStart(64, '0')}`,
  size: 0,
})

describe('an untrusted archive', () => {
  const header = (name: string, size: number, type = '0') => {
    const block = Buffer.from(encodeHeader({ name, size, mtime: 0 }).subarray(-BLOCK))
    block.write(type, 156)
    block.write('        ', 148)
    const sum = block.reduce((all, byte) => all + byte, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    return block
  }
  const index = planTar(contents([])).head
  const end = Buffer.alloc(2 * BLOCK)
  const hex = 'a'.repeat(64)

  async function opening(bytes: Buffer): Promise<unknown> {
    const path = join(await newDirectory(), 'x.tar')
    await writeFile(path, bytes)
    return Archive.open(path, { name: 'x.tar', documents: [NOTE] }).then(
      async archive => archive[Symbol.asyncDispose](),
      (error: unknown) => error,
    )
  }

  it.each([
    ['a symbolic link', [header(`blobs/sha256/${hex}`, 0, '2')], /a symbolic link/],
    ['a hard link', [header(`blobs/sha256/${hex}`, 0, '1')], /a hard link/],
    ['a device', [header(`blobs/sha256/${hex}`, 0, '3')], /a device/],
    ['a sparse file', [header(`blobs/sha256/${hex}`, 0, 'S')], /a sparse file/],
    [
      '10 GB that are not there',
      [encodeHeader({ name: `blobs/sha256/${hex}`, size: 1e10, mtime: 0 })],
      /10000000000 bytes/,
    ],
    ['a member twice', [header(`blobs/sha256/${hex}`, 0), header(`blobs/sha256/${hex}`, 0)], /twice/],
  ])('is refused with %s', async (_, members, message) => {
    const error = await opening(Buffer.concat([index, ...members, end]))
    expect(error).toMatchObject({ code: 'bundle-damaged' })
    expect((error as Error).message).toMatch(message)
  })

  it.each([
    ['a path out of it', [index, header('../../etc/passwd', 0)], /"\.\.\/\.\.\/etc\/passwd" is nothing/],
    ['an absolute path', [index, header('/etc/passwd', 0)], /is nothing that a bundle has/],
    ['another file', [index, header('blobs/sha256/readme', 0)], /is nothing that a bundle has/],
    ['another directory', [index, header('etc/', 0, '5')], /is nothing that a bundle has/],
    ['no index', [header('manifest.json', 0)], /it has no index\.json/],
  ])('is no bundle with %s', async (_, members, message) => {
    const error = await opening(Buffer.concat([...members, end]))
    expect(error).toMatchObject({ code: 'input-invalid', message: expect.stringMatching(message) })
  })

  /** A pax header with one record. */
  const pax = (key: string, value: string) => {
    const rest = ` ${key}=${value}\n`
    const record = `${rest.length + 2}${rest}`
    return Buffer.concat([
      header('PaxHeaders/x', record.length, 'x'),
      Buffer.from(record.padEnd(BLOCK, '\0')),
    ])
  }

  it.each(['0x3', '3e0', '3.5', '-512', ' 3', '9'.repeat(17)])(
    'is refused with a pax size of %j',
    async size => {
      const member = header(`blobs/sha256/${hex}`, 0)
      expect(await opening(Buffer.concat([index, pax('size', size), member, end]))).toMatchObject({
        code: 'bundle-damaged',
        message: `x.tar has a pax header with the size ${JSON.stringify(size)}`,
      })
    },
  )

  it('may have a long name of GNU tar before pax records of the same member', async () => {
    const name = `blobs/sha256/${hex}`
    const long = [header('././@LongLink', name.length, 'L'), Buffer.from(name.padEnd(BLOCK, '\0'))]
    const members = [...long, pax('mtime', '1.5'), header('cut', 0)]
    expect(await opening(Buffer.concat([index, ...members, end]))).toBeUndefined()
  })

  it('may have what docker save and an unpacked layout have beside the layout', async () => {
    const names = ['manifest.json', 'repositories', './ingest/claim~x']
    const members = [header('./ingest/', 0, '5'), ...names.map(name => header(name, 0))]
    expect(await opening(Buffer.concat([index, ...members, end]))).toBeUndefined()
  })

  it.each([
    ['members', contents(Array.from({ length: 100_001 }, (_, at) => emptyBlob(at))), /100001 manifests and/],
    [
      'index.json',
      contents([], { entries: [namedEntry('x'.repeat(17 << 20), emptyBlob(0))] }),
      /in index\.json/,
    ],
    ['a document', contents([], { documents: { [NOTE]: ' '.repeat(65 << 20) } }), /bytes in note\.json/],
  ])('is not planned beyond what is read again: %s', (_, planned, message) => {
    const refusal = { code: 'usage', message: expect.stringMatching(message) }
    expect(() => planTar(planned)).toThrow(expect.objectContaining(refusal))
  })

  it.each([
    ['no end', index, /has no end/],
    ['half of its end', Buffer.concat([index, Buffer.alloc(BLOCK)]), /cut off/],
    ['another archive behind it', Buffer.concat([index, end, index, end]), /goes on behind its end/],
    ['a bit in its last block', Buffer.concat([index, end.map((_, at) => (at === 1023 ? 1 : 0))]), /its end/],
    ['a damaged header', index.map((byte, at) => byte ^ (at === 5 ? 1 : 0)), /damaged: byte 0 of x\.tar/],
    [
      'an index that is none',
      Buffer.concat([header('index.json', 1), Buffer.alloc(BLOCK, '}'), end]),
      /index\.json in x\.tar is damaged/,
    ],
  ])('is refused with %s', async (_, bytes, message) => {
    const error = await opening(Buffer.from(bytes))
    expect(error).toMatchObject({ code: 'bundle-damaged', message: expect.stringMatching(message) })
  })

  it('may end in more zeros, as tar writes them', async () => {
    expect(await opening(Buffer.concat([index, Buffer.alloc(10_240)]))).toBeUndefined()
  })

  it.each(['gnu', 'posix'])('may be one that tar made of a layout, with long names: %s', async format => {
    const [directory, blob] = [await newDirectory(), randomBytes(700)]
    const hex = createHash('sha512').update(blob).digest('hex')
    await mkdir(join(directory, 'blobs/sha512'), { recursive: true })
    await writeFile(join(directory, 'blobs/sha512', hex), blob)
    await writeFile(join(directory, 'index.json'), '{"schemaVersion":2,"manifests":[]}')
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    const path = join(await newDirectory(), 'x.tar')
    await promisify(execFile)('tar', [`--format=${format}`, '-cf', path, '-C', directory, '.'])
    await using archive = await Archive.open(path, { name: 'x.tar' })
    const descriptor = { mediaType: MediaType.ociLayerGzip, digest: `sha512:${hex}` as const, size: 700 }
    const chunks = await Array.fromAsync(archive.repository('a').fetch(descriptor))
    expect(Buffer.concat(chunks)).toEqual(blob)
  })

  it.each(['pipe', 'directory'])('is refused if a volume is a %s, without blocking on it', async kind => {
    const path = join(await newDirectory(), 'x.tar.001')
    await promisify(execFile)(kind === 'pipe' ? 'mkfifo' : 'mkdir', [path])
    await expect(Archive.open(path, { name: 'x.tar', documents: [NOTE] })).rejects.toMatchObject({
      code: 'bundle-damaged',
    })
  })

  it('may have another document only if its reader names it', async () => {
    const { head } = planTar(contents([]))
    const path = join(await newDirectory(), 'x.tar')
    await writeFile(path, Buffer.concat([head, Buffer.alloc(1024)]))
    await using archive = await Archive.open(path, { name: 'x.tar', documents: [NOTE] })
    expect(await archive.document(NOTE)).toBe('{}\n')
    await expect(Archive.open(path, { name: 'x.tar' })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining(NOTE),
    })
  })

  it('opens or fails with a typed error, for any bytes', async () => {
    const blobs = [randomBytes(3_000), Buffer.from('{"schemaVersion":2}')]
    const [whole] = await writeWhole(
      { path: join(await newDirectory(), 'x.tar') },
      contents(descriptors(blobs)),
      blobs,
    )
    const good = await readFile(whole!)
    const path = join(await newDirectory(), 'x.tar')
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(7), fc.boolean(), async (at, bit, cut) => {
        const bad = Buffer.from(cut ? good.subarray(0, at) : good)
        if (!cut) bad[at]! ^= 1 << bit
        await writeFile(path, bad)
        try {
          await using archive = await Archive.open(path, { name: 'x.tar', documents: [NOTE] })
          for (const descriptor of descriptors(blobs)) {
            const bytes = Buffer.concat(await collect(archive.repository('a').fetch(descriptor)))
            expect(digestOf(bytes)).toBe(descriptor.digest)
          }
        } catch (error) {
          expect(isGpregError(error), String(error)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})

async function flip(path: string, at: number): Promise<void> {
  await using file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, at)
  byte[0]! ^= 1
  await file.write(byte, 0, 1, at)
}

/** Content that breaks off after a number of bytes. */
function broken(bytes: Buffer, after: number): Content {
  return {
    async *open({ offset = 0 }): ByteStream {
      for (let at = offset; at < after; at += 500_000) yield bytes.subarray(at, Math.min(at + 500_000, after))
      throw new RangeError('the line went down')
    },
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
