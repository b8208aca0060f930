import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { createContext } from '../context.ts'
import { isGpregError, MediaType, digestOf, type Digest } from '@gpreg/oci'
import { planTar, formatIndex, namedEntry } from '@gpreg/oci/engine'
import { lacks } from '@gpreg/oci/testing'
import type { GpregEvent } from '../events.ts'
import { verifyBundle } from '../actions/bundle/verify-bundle.ts'
import { openBundle, type BundleKey } from './bundle.ts'
import { findBundle, LOCK_NAME } from './files.ts'
import { formatReceipt, parseReceipt, type Receipt } from '../documents/receipt.ts'
import { openServedStore } from './served.ts'
import { createSidecar, formatSidecar, parseSidecar } from '../documents/sidecar.ts'
import { signBytes } from './signature.ts'
import { writeLock, type Lock } from '../documents/lock.ts'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-bundle-'))
  directories.push(directory)
  return directory
}

function newKey(curve = 'prime256v1') {
  const pair = generateKeyPairSync('ec', { namedCurve: curve })
  return {
    secret: pair.privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    key: { path: 'pub.pem', pem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  }
}

const lock: Lock = { kind: 'Lock', version: 1, created: '2026-11-25T00:00:00.000Z', images: [] }

/** A descriptor of a manifest that no test reads. */
const described = (text: string) => ({
  mediaType: MediaType.ociManifest,
  digest: digestOf(text),
  size: text.length,
})

/** A signed bundle without images, in three volumes. */
async function newBundle(secret: string) {
  const directory = await newDirectory()
  const { head } = planTar({
    documents: { [LOCK_NAME]: writeLock(lock) },
    entries: [],
    manifests: [],
    blobs: [],
    created: 0,
  })
  const tar = Buffer.concat([head, Buffer.alloc(1024)])
  const cut = [tar.subarray(0, 1000), tar.subarray(1000, 2000), tar.subarray(2000)]
  const volumes = cut.map((bytes, at) => ({ name: `x.tar.00${at + 1}`, size: bytes.length, bytes }))
  for (const { name, bytes } of volumes) await writeFile(join(directory, name), bytes)
  const sidecar = formatSidecar(
    createSidecar(
      'test',
      volumes.map(({ name, size, bytes }) => ({ name, size, sha256: digestOf(bytes).slice(7) })),
      lock,
    ),
  )
  const path = join(directory, 'x.tar')
  await writeFile(`${path}.manifest.json`, sidecar)
  await writeFile(`${path}.manifest.json.sig`, signBytes(Buffer.from(sidecar), secret, 'key.pem'))
  return { directory, path, volumes: volumes.map(({ name }) => join(directory, name)) }
}

describe('a file beside the bundle', () => {
  /** A bundle whose sidecar lists a file, which has these bytes now. */
  async function withFile(now: string | undefined) {
    const { secret, key } = newKey()
    const { directory, path, volumes } = await newBundle(secret)
    const { sidecar } = await findBundle([path])
    const tool = { name: 'gpreg.tar.gz', size: 4, sha256: digestOf('tool').slice(7) }
    const text = formatSidecar(createSidecar('test', sidecar!.document.volumes, lock, [tool]))
    await writeFile(`${path}.manifest.json`, text)
    await writeFile(`${path}.manifest.json.sig`, signBytes(Buffer.from(text), secret, 'key.pem'))
    if (now !== undefined) await writeFile(join(directory, tool.name), now)
    return { result: await verifyBundle(volumes, key, createContext({})), path }
  }

  it.each([
    ['tool', 'ok', 0],
    [undefined, 'missing', 0],
    ['loot', 'damaged', 1],
    ['to', 'truncated', 1],
  ])('with the bytes %j is %s', async (now, status, problems) => {
    const { result } = await withFile(now)
    expect(result).toMatchObject({ signature: 'valid', beside: [{ name: 'gpreg.tar.gz', status }] })
    const ofFile = result.problems.filter(({ message }) => message.includes('gpreg.tar.gz'))
    expect(ofFile).toHaveLength(problems)
    expect(result.resend.includes('gpreg.tar.gz')).toBe(problems > 0)
  })

  it('does not have the name of a volume', () => {
    const file = { name: 'x.tar', size: 1, sha256: '0'.repeat(64) }
    const text = formatSidecar(createSidecar('test', [file], lock, [file]))
    expect(() => parseSidecar(text, 'x')).toThrow('names a file twice')
  })
})

type Parts = Awaited<ReturnType<typeof newBundle>>

async function opening(paths: string[], key?: BundleKey): Promise<{ error?: unknown; warnings: string[] }> {
  const warnings: string[] = []
  const emit = (event: GpregEvent) => void (event.type === 'warning' && warnings.push(event.message))
  try {
    await using bundle = await openBundle(paths, key, createContext({ emit }))
    expect(bundle.lock).toEqual(lock)
    return { warnings }
  } catch (error) {
    return { error, warnings }
  }
}

describe('the signature', () => {
  it.skipIf(lacks('openssl'))('can be checked by openssl', async () => {
    const { secret, key } = newKey()
    const { path, directory } = await newBundle(secret)
    await writeFile(join(directory, 'pub.pem'), key.pem)
    const args = ['-verify', 'pub.pem', '-signature', 'x.tar.manifest.json.sig', 'x.tar.manifest.json']
    const { stdout } = await promisify(execFile)('openssl', ['dgst', '-sha256', ...args], { cwd: directory })
    expect(stdout).toContain('Verified OK')
    expect(await opening([path], key)).toEqual({ warnings: [] })
  })

  it('is required if a key is given, and without a key there is a warning', async () => {
    const { secret, key } = newKey()
    const { path } = await newBundle(secret)
    expect((await opening([path])).warnings).toEqual([expect.stringContaining('was not checked')])
    expect((await opening([path], newKey().key)).error).toMatchObject({ code: 'signature-invalid' })
    expect((await opening([path], newKey('secp384r1').key)).error).toMatchObject({ code: 'input-invalid' })
    await rm(`${path}.manifest.json.sig`)
    expect((await opening([path], key)).error).toMatchObject({ code: 'signature-invalid' })
    expect((await opening([path])).warnings).toEqual([expect.stringContaining('is not signed')])
  })

  it('is invalid if any bit of the sidecar or the signature is changed', async () => {
    const { secret, key } = newKey()
    const { path } = await newBundle(secret)
    for (const file of [`${path}.manifest.json`, `${path}.manifest.json.sig`]) {
      const good = await readFile(file)
      await fc.assert(
        fc.asyncProperty(fc.nat(good.length - 1), fc.nat(7), async (at, bit) => {
          const bad = Buffer.from(good)
          bad[at]! ^= 1 << bit
          await writeFile(file, bad)
          const { error } = await opening([path], key)
          expect(isGpregError(error), String(error)).toBe(true)
        }),
        { numRuns: 60 },
      )
      await writeFile(file, good)
    }
  })
})

describe('the files of a bundle', () => {
  it('are found by base name, directory, sidecar or volumes, in any order and in any directory', async () => {
    const { secret, key } = newKey()
    const { path, directory, volumes } = await newBundle(secret)
    const elsewhere = join(directory, 'elsewhere')
    await mkdir(elsewhere)
    for (const paths of [[path], [directory], [`${path}.manifest.json`], volumes, volumes.toReversed()])
      expect(await opening(paths, key), paths.join(' ')).toEqual({ warnings: [] })
    await rename(volumes[1]!, join(elsewhere, 'x.tar.002'))
    expect(await opening([volumes[2]!, join(elsewhere, 'x.tar.002'), volumes[0]!], key)).toEqual({
      warnings: [],
    })
    expect((await opening([path], key)).error).toMatchObject({
      message: expect.stringContaining('x.tar.002 of'),
    })
  })

  it.each<[string, (at: Parts) => readonly string[]]>([
    [
      'all files that a shell finds by x.tar.*',
      at => [...at.volumes, `${at.path}.manifest.json`, `${at.path}.manifest.json.sig`],
    ],
    ['the disks that they are on', at => [join(at.directory, 'a'), join(at.directory, 'b')]],
    ['one disk, and the rest by name', at => [join(at.directory, 'b'), join(at.directory, 'a', 'x.tar.001')]],
  ])('are found by %s', async (what, paths) => {
    const { secret, key } = newKey()
    const bundle = await newBundle(secret)
    if (what.includes('disk')) {
      for (const disk of ['a', 'b']) await mkdir(join(bundle.directory, disk))
      await rename(bundle.volumes[0]!, join(bundle.directory, 'a', 'x.tar.001'))
      for (const name of ['.002', '.003', '.manifest.json', '.manifest.json.sig'])
        await rename(`${bundle.path}${name}`, join(bundle.directory, 'b', `x.tar${name}`))
    }
    expect(await opening([...paths(bundle)], key)).toEqual({ warnings: [] })
  })

  it('are found under names in capitals, and a checksum may be in capitals, too', async () => {
    const { secret, key } = newKey()
    const { directory, path, volumes } = await newBundle(secret)
    const [sidecar, signature] = ['manifest.json', 'manifest.json.sig'].map(end => `${path}.${end}`)
    const text = (await readFile(sidecar!, 'utf8')).replace(/(?<="sha256": ")\w+/g, hex => hex.toUpperCase())
    await writeFile(sidecar!, text)
    await writeFile(signature!, signBytes(Buffer.from(text), secret, 'key.pem'))
    const capital = (file: string) => join(directory, basename(file).toUpperCase())
    for (const file of [...volumes, sidecar!, signature!]) await rename(file, capital(file))
    for (const named of [[path], [directory], [capital(sidecar!)], volumes.map(capital), [volumes[0]!]]) {
      const result = await verifyBundle(named, key, createContext({}))
      expect(result, JSON.stringify(result)).toMatchObject({ signature: 'valid', problems: [] })
    }
  })

  it('of an image that skopeo wrote as dir: are no bundle', async () => {
    const directory = await newDirectory()
    await writeFile(join(directory, 'version'), 'Directory Transport Version: 1.1\n')
    for (const name of ['', '12ab.', '34cd.']) await writeFile(join(directory, `${name}manifest.json`), '{}')
    await expect(findBundle([directory])).rejects.toMatchObject({
      code: 'input-invalid',
      hint: `make a layout of it: skopeo copy --all dir:${directory} oci:LAYOUT:NAME`,
    })
  })

  it('are found by a base name that ends in a number', async () => {
    const { path, directory } = await newBundle(newKey().secret)
    await rename(`${path}.manifest.json`, join(directory, 'gitpod.2022.manifest.json'))
    expect((await opening([join(directory, 'gitpod.2022')])).error).toBeUndefined()
  })

  it('must belong to one bundle, with a sidecar and without', async () => {
    const { path, directory } = await newBundle(newKey().secret)
    const foreign = join(directory, 'foreign.tar')
    await writeFile(foreign, '')
    for (const remove of ['.003', '.002', '.001', '.manifest.json']) {
      expect((await opening([path, foreign])).error).toMatchObject({
        code: 'bundle-damaged',
        message: expect.stringContaining('foreign.tar is no volume of'),
      })
      await rm(`${path}${remove}`)
    }
  })

  it.each(['with a sidecar', 'without'])('are found beside other files in their directory, %s', async how => {
    const { path, directory } = await newBundle(newKey().secret)
    const macos = ['._x.tar.001', '._x.tar.002', '._x.tar.manifest.json']
    for (const name of ['scan.2022', 'a.2023', 'other.tar', ...macos])
      await writeFile(join(directory, name), 'x')
    if (how === 'without') await rm(`${path}.manifest.json`)
    expect((await opening([directory])).error).toBeUndefined()
    expect((await findBundle([directory])).volumes).toHaveLength(3)
  })

  it.each<[string, (at: Parts, to: string) => Promise<unknown>]>([
    ['with a sidecar', (at, to) => copyFile(`${at.path}.manifest.json`, `${to}.manifest.json`)],
    ['without', (at, to) => copyFile(at.volumes[0]!, `${to}.001`)],
  ])('are refused if another bundle is in their directory, %s', async (_, copy) => {
    const bundle = await newBundle(newKey().secret)
    const other = join(bundle.directory, 'a.tar')
    await copy(bundle, other)
    const refusal = { code: 'usage', message: 'there are 2 bundles: a.tar, x.tar' }
    await expect(findBundle([bundle.directory])).rejects.toMatchObject(refusal)
    expect((await opening([bundle.path])).error).toBeUndefined()
  })

  it('are refused if two bundles are named', async () => {
    const bundles = [await newBundle(newKey().secret), await newBundle(newKey().secret)]
    const [one, two] = bundles.map(({ path }) => path)
    await rename(`${two}.manifest.json`, `${two}.2.manifest.json`)
    await expect(findBundle([one!, `${two}.2`])).rejects.toMatchObject({
      code: 'usage',
      message: 'there are 2 bundles: x.tar, x.tar.2',
    })
  })

  it('can be opened without a sidecar, and a missing volume is named', async () => {
    const { path, volumes } = await newBundle(newKey().secret)
    await rm(`${path}.manifest.json`)
    expect((await opening([path])).error).toBeUndefined()
    expect((await opening([volumes[0]!, volumes[2]!])).error).toMatchObject({
      code: 'bundle-damaged',
      message: expect.stringMatching(/x\.tar\.002 is missing/),
    })
    expect((await opening(volumes.slice(0, 2))).error).toMatchObject({ code: 'bundle-damaged' })
    await expect(findBundle([`${path}-none`])).rejects.toMatchObject({ code: 'input-unreadable' })
  })

  it('are refused if their lock is not the lock in the sidecar', async () => {
    const { path, volumes } = await newBundle(newKey().secret)
    const whole = Buffer.concat(await Promise.all(volumes.map(volume => readFile(volume))))
    whole.write('2025', whole.indexOf('2026-11-25'))
    for (const [at, volume] of volumes.entries())
      await writeFile(volume, whole.subarray(at * 1000, at < 2 ? at * 1000 + 1000 : undefined))
    expect((await opening([path])).error).toMatchObject({ message: expect.stringContaining('the lock in') })
  })

  it.each([
    ['is not JSON', '{'],
    [
      'names a volume with a path',
      '{"kind":"BundleManifest","version":1,"tool":"x","volumes":[{"name":"../x","size":1,"sha256":"00"}]}',
    ],
  ])('are refused with a sidecar that %s', (_, text) => {
    expect(() => parseSidecar(text, 'x')).toThrow(expect.objectContaining({ code: 'bundle-damaged' }))
  })

  it.each([
    ['no number of bytes', { size: '19' }],
    ['the same source twice', {}],
  ])('are damaged with a sidecar whose lock has %s', (_, change) => {
    const image = { ...described('redis'), bytes: 0, purpose: 'components', origins: [], referrers: [] }
    const images = [image, image].map(each => ({ ...each, source: 'docker.io/library/redis:6.2', ...change }))
    const sidecar = {
      ...createSidecar('test', [], lock),
      lock: { digest: image.digest, document: { ...lock, images } },
    }
    expect(() => parseSidecar(JSON.stringify(sidecar), 'x')).toThrow(
      expect.objectContaining({ code: 'bundle-damaged', hint: 'send it again' }),
    )
  })

  it('are refused if the sidecar has a newer version', () => {
    expect(() => parseSidecar('{"kind":"BundleManifest","version":2}', 'x')).toThrow(/version 2/)
  })
})

describe('the names of a bundle', () => {
  const image = { mediaType: MediaType.ociManifest, digest: digestOf('image'), size: 5 }
  const signature = { ...image, digest: digestOf('signature'), subject: image.digest, tag: 'sha256-x.sig' }
  const signed: Lock = {
    ...lock,
    images: [
      {
        ...{ source: 'docker.io/library/redis:6.2', paths: ['library/redis:6.2'], bytes: 0 },
        ...{ purpose: 'components', origins: [], referrers: [signature], ...image },
      },
    ],
  }

  /** Opens a signed bundle in a directory, with these names in its `index.json`. */
  async function openDirectory(names: Record<string, Digest>) {
    const { secret, key } = newKey()
    const directory = await newDirectory()
    const manifests = Object.entries(names).map(([name, digest]) => namedEntry(name, { ...image, digest }))
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    await writeFile(join(directory, 'index.json'), formatIndex({ schemaVersion: 2, manifests }))
    await writeFile(join(directory, 'gpreg.lock.json'), writeLock(signed))
    const sidecar = formatSidecar(createSidecar('test', [], signed))
    await writeFile(join(directory, 'gpreg.manifest.json'), sidecar)
    await writeFile(join(directory, 'gpreg.manifest.json.sig'), signBytes(Buffer.from(sidecar), secret, 'x'))
    return openBundle([directory], key, createContext())
  }

  const right = { 'library/redis:6.2': image.digest, 'library/redis:sha256-x.sig': signature.digest }

  it('are those in its lock, and other names in index.json are ignored', async () => {
    await using bundle = await openDirectory({ ...right, 'library/evil:1': digestOf('evil') })
    const repository = bundle.store.repository('library/redis')
    expect(await repository.resolve('6.2')).toMatchObject(image)
    expect(await repository.resolve('sha256-x.sig')).toMatchObject({ digest: signature.digest })
    await expect(bundle.store.repository('library/evil').resolve('1')).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it.each([
    ['another image', { ...right, 'library/redis:6.2': digestOf('evil') }],
    ['another signature', { ...right, 'library/redis:sha256-x.sig': digestOf('evil') }],
    ['no names', {}],
  ])('are refused if index.json contradicts the lock: %s', async (_, names) => {
    await expect(openDirectory(names)).rejects.toMatchObject({
      code: 'bundle-damaged',
      message: expect.stringMatching(/index\.json in .* for library\/redis:/),
    })
  })

  it('are refused if index.json or the lock cannot be read', async () => {
    const { directory } = await newBundle(newKey().secret)
    const layout = join(directory, 'layout')
    await mkdir(layout)
    await writeFile(join(layout, 'index.json'), '{')
    await promisify(execFile)('mkfifo', [join(layout, 'gpreg.lock.json')])
    await expect(openBundle([layout], undefined, createContext())).rejects.toMatchObject({
      code: 'input-unreadable',
      message: expect.stringContaining('gpreg.lock.json'),
    })
    await rm(join(layout, 'gpreg.lock.json'))
    await writeFile(join(layout, 'gpreg.lock.json'), writeLock(lock))
    await expect(openBundle([layout], undefined, createContext())).rejects.toMatchObject({
      code: 'bundle-damaged',
      message: expect.stringContaining('index.json'),
    })
  })
})

it('a bundle without a sidecar is damaged if its lock has a name that is none', async () => {
  const directory = await newDirectory()
  const images = [
    { ...described('redis'), bytes: 0, purpose: 'components' as const, origins: [], referrers: [] },
  ]
  for (const changed of [{ source: 'docker.io/library/Redis:6.2' }, { paths: ['library/redis;6.2'] }]) {
    const image = {
      source: 'docker.io/library/redis:6.2',
      paths: ['library/redis:6.2'],
      ...images[0]!,
      ...changed,
    }
    await writeFile(join(directory, 'index.json'), formatIndex({ schemaVersion: 2, manifests: [] }))
    await writeFile(join(directory, LOCK_NAME), writeLock({ ...lock, images: [image] }))
    const { problems } = await verifyBundle([directory], undefined, createContext())
    expect(problems).toMatchObject([
      { code: 'bundle-damaged', message: expect.stringContaining(`the lock in ${directory} is damaged`) },
    ])
  }
})

it('a differential bundle is served with a warning that it is partial', async () => {
  const base = {
    receipt: digestOf('receipt'),
    created: lock.created,
    blobs: [{ digest: digestOf('x'), size: 1, repository: 'a' }],
  }
  const directory = await newDirectory()
  await writeFile(join(directory, 'index.json'), formatIndex({ schemaVersion: 2, manifests: [] }))
  await writeFile(join(directory, 'gpreg.lock.json'), writeLock({ ...lock, base }))
  const warnings: string[] = []
  const emit = (event: GpregEvent) => void (event.type === 'warning' && warnings.push(event.code))
  await using served = await openServedStore([directory], undefined, createContext({ emit }))
  expect([served.readOnly, warnings]).toEqual([true, ['bundle-unchecked', 'bundle-partial']])
})

describe('a receipt', () => {
  const receipt: Receipt = {
    kind: 'Receipt',
    version: 1,
    created: '2026-11-25T00:00:00.000Z',
    target: 'registry.internal/gitpod',
    images: ['b', 'a'].map(path => ({ path, digest: digestOf(path) })),
    blobs: ['y', 'x'].map(text => ({ digest: digestOf(text), size: 1, repository: 'a', bundle: 'x.tar' })),
  }

  it('is the same text for any order of entries, and can be read back', () => {
    const text = formatReceipt(receipt)
    const other = { ...receipt, images: receipt.images.toReversed(), blobs: receipt.blobs.toReversed() }
    expect(formatReceipt(other)).toBe(text)
    expect(formatReceipt(parseReceipt(text, 'receipt.json'))).toBe(text)
  })

  it('is refused if it is no receipt, or of a newer version', () => {
    for (const text of ['{', '{}', '{"kind":"Receipt","version":9}', writeLock(lock)])
      expect(() => parseReceipt(text, 'receipt.json')).toThrow(
        expect.objectContaining({ code: 'input-invalid' }),
      )
  })
})
