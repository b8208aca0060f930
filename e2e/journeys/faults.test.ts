import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CREDENTIALS,
  REGISTRY_KINDS,
  isTagged,
  startDiskRegistry,
  type DiskRegistry,
  type RegistryKind,
} from '../support/disk-registry.ts'
import { LAYER_BYTES, ON_THE_SOURCE, ON_THE_TARGET } from '../support/fault-cases.ts'
import { startFaultProxy, type FaultRule } from '../support/fault-proxy.ts'
import { gpreg, type GpregRun } from '../support/gpreg.ts'
import { makeImage, makeLayer, type Image } from '../support/images.ts'
import { OutcomeTable } from '../support/outcome-table.ts'
import { expectImage, skopeoCopy } from '../support/skopeo.ts'
import { wrongBlobs } from '../support/storage.ts'
import { canMount, smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const SAMPLE = 'library/sample'
const FULL_DISK = 'a full disk'
type Side = 'source' | 'target'

/** Faults without end are retried longest. They come first, so that all others run meanwhile. */
const CELLS = REGISTRY_KINDS.flatMap(kind => [
  ...ON_THE_SOURCE.map(fault => ({ ...fault, side: 'source' as const, kind })),
  ...ON_THE_TARGET.map(fault => ({ ...fault, side: 'target' as const, kind })),
]).toSorted((one, other) => (other.times ?? 1) - (one.times ?? 1) || 0)

describe.skipIf(needs('docker-registry', 'skopeo', 'htpasswd'))('faults', () => {
  let directory: TemporaryDirectory
  let upstream: Upstream
  let sample: Image
  let registries: Readonly<Record<RegistryKind, DiskRegistry>>
  const table = new OutcomeTable({
    heads: ['on the way', 'fault'],
    columns: REGISTRY_KINDS,
    rows: [
      ...ON_THE_SOURCE.map(({ name }) => ['from', name]),
      ...ON_THE_TARGET.map(({ name }) => ['to', name]),
      ['to', FULL_DISK],
    ],
    document: 'reliability.md',
    update: 'UPDATE_RELIABILITY',
  })
  let runs = 0
  let cells = 0

  beforeAll(async () => {
    directory = await temporaryDirectory()
    upstream = await startUpstream()
    sample = await offer(SAMPLE)
    const start = (kind: RegistryKind) => startDiskRegistry(kind, directory.join(kind))
    registries = {
      'docker-registry': await start('docker-registry'),
      'gpreg serve': await start('gpreg serve'),
    }
    for (const { host } of Object.values(registries)) {
      const run = await mirror(SAMPLE, upstream.host, `${host}/docker.io`)
      expect(run.exitCode, run.stderr).toBe(0)
    }
  })

  afterAll(async () => {
    for (const registry of Object.values(registries ?? {})) await registry[Symbol.asyncDispose]()
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })

  /** Makes an image that only the upstream registry has. */
  const offer = async (name: string): Promise<Image> => {
    const image = makeImage([makeLayer('one', LAYER_BYTES), makeLayer('two', LAYER_BYTES)])
    await upstream.add(`docker.io/${name}:1`, image)
    return image
  }

  const mirror = async (name: string, from: string, to: string): Promise<GpregRun> => {
    const authfile = directory.join(`auth-${runs++}.json`)
    const auth = Buffer.from(`${CREDENTIALS.username}:${CREDENTIALS.password}`).toString('base64')
    const auths = Object.fromEntries([from, to].map(place => [place.split('/')[0]!, { auth }]))
    await writeFile(authfile, JSON.stringify({ auths }))
    return gpreg(
      ['mirror', '--image', `docker.io/${name}:1`, '--source-mirror', `docker.io=${from}/docker.io`].concat([
        '--to',
        to,
        '--authfile',
        authfile,
        '--json',
      ]),
      { env: { GPREG_STALL_TIMEOUT: '4' } },
    )
  }

  /** Prepares a copy from or to a registry, through a proxy that injects faults. */
  const prepare = async (side: Side, kind: RegistryKind) => {
    const faulty = registries[kind]
    const proxy = await startFaultProxy({ to: faulty.url })
    // The target is always docker-registry if the fault is on the source side. It stores blobs for each repository, so a
    // new repository receives all blobs.
    const target = side === 'source' ? registries['docker-registry'] : faulty
    const number = ++cells
    const prefix = `cell-${number}`
    const name = side === 'source' ? SAMPLE : `library/sample-${number}`
    const image = side === 'source' ? sample : await offer(name)
    const [from, to] = side === 'source' ? [proxy.host, target.host] : [upstream.host, proxy.host]
    const repository = `${prefix}/${name}`
    return { proxy, target, image, repository, run: () => mirror(name, from, `${to}/${prefix}`) }
  }

  const expectWhole = async (target: DiskRegistry, repository: string, image: Image) => {
    const reference = `${target.host}/${repository}:1`
    await expectImage(reference, image, { credentials: CREDENTIALS })
    await using copy = await temporaryDirectory()
    await skopeoCopy(`docker://${reference}`, `dir:${copy.join('image')}`, {
      from: { credentials: CREDENTIALS },
    })
  }

  it.concurrent.each(CELLS)(
    '$side is $kind: $name',
    async ({ side, kind, name, where, times = 1, fault, codes }) => {
      const { proxy, target, image, repository, run } = await prepare(side, kind)
      await using _ = proxy
      proxy.inject({ ...where, times, fault: typeof fault === 'function' ? fault() : fault })
      const first = await run()
      expect(proxy.dealt(), 'the fault was not met').toBeGreaterThan(0)
      if (codes === undefined) {
        expect(first.exitCode, `${first.stderr}\n${first.stdout}`).toBe(0)
        table.note(name, kind, 'completed')
      } else {
        // exit code 6 if the only image failed because its registry did not answer
        expect([3, 6], first.stderr).toContain(first.exitCode)
        const { status, error } = first.json().images[0]
        expect(status).toBe('failed')
        expect(codes).toContain(error.code)
        expect(error.hint).toMatch(/\w/)
        expect(await isTagged(target, repository, '1')).toBe(false)
        table.note(name, kind, error.code)
        proxy.inject()
        const second = await run()
        expect(second.exitCode, second.stderr).toBe(0)
      }
      await expectWhole(target, repository, image)
    },
  )

  const where = canMount ? it : it.skip
  where.concurrent.each(REGISTRY_KINDS)('a full disk of %s', async kind => {
    await using disk = await smallDisk(directory.join(`disk-${kind}`), '1m')
    await using target = await startDiskRegistry(kind, disk.path)
    const name = `library/full-${kind.replace(' ', '-')}`
    const image = await offer(name)
    const first = await mirror(name, upstream.host, `${target.host}/full`)
    expect(first.exitCode, first.stderr).toBe(3)
    const { status, error } = first.json().images[0]
    expect(status).toBe('failed')
    expect(['storage', 'server-error']).toContain(error.code)
    expect(await isTagged(target, `full/${name}`, '1')).toBe(false)
    expect(await wrongBlobs(target.storage)).toEqual([])
    table.note(FULL_DISK, kind, error.code)
    await disk.resize('64m')
    const second = await mirror(name, upstream.host, `${target.host}/full`)
    expect(second.exitCode, second.stderr).toBe(0)
    await expectWhole(target, `full/${name}`, image)
  })

  it.concurrent('waits as long as Retry-After says', async () => {
    const { proxy, run } = await prepare('source', 'docker-registry')
    await using _ = proxy
    proxy.inject({
      path: /\/blobs\/sha256:/,
      fault: { kind: 'status', status: 429, headers: { 'retry-after': '3' } },
    })
    const started = performance.now()
    expect((await run()).exitCode).toBe(0)
    expect(performance.now() - started).toBeGreaterThanOrEqual(3000)
  })

  it.concurrent('follows a redirect to another host', async () => {
    const { proxy, image, target, repository, run } = await prepare('source', 'docker-registry')
    await using _ = proxy
    // gpreg has no password for this host. If it sent the password of another host, the host would answer 401.
    const to = (path: string) => `http://${upstream.host}${path}`
    proxy.inject({
      method: 'GET',
      path: /\/blobs\/sha256:/,
      times: Infinity,
      fault: { kind: 'redirect', to },
    })
    const { exitCode, stderr } = await run()
    expect(exitCode, stderr).toBe(0)
    expect(proxy.dealt()).toBe(image.blobs.length)
    await expectWhole(target, repository, image)
  })

  it.concurrent('resumes a download that is cut at every tenth of a blob', async () => {
    const layers = Array.from({ length: 9 }, (_, index) => makeLayer(`layer-${index}`, 300_000))
    const cut = makeImage(layers)
    await upstream.add('docker.io/library/cut:1', cut)
    await using proxy = await startFaultProxy({ to: upstream.url })
    const blobs = cut.blobs.filter(blob => blob.bytes.length > 300_000)
    const rules = blobs.map(({ digest, bytes }, index): FaultRule => ({
      method: 'GET',
      path: new RegExp(digest),
      fault: { kind: 'cut', after: Math.floor((bytes.length * (index + 1)) / 10) },
    }))
    proxy.inject(...rules)
    const target = registries['docker-registry']
    const run = await mirror('library/cut', proxy.host, `${target.host}/cut`)
    expect(run.exitCode, run.stderr).toBe(0)
    expect(proxy.dealt()).toBe(blobs.length)
    expect(proxy.exchanges.filter(({ status }) => status === 206)).toHaveLength(blobs.length)
    await expectWhole(target, 'cut/library/cut', cut)
  })

  it('leave no blob whose bytes differ from its digest', async () => {
    for (const { storage } of Object.values(registries)) expect(await wrongBlobs(storage)).toEqual([])
  })

  // The table has a row of a full disk, which is there only where something can be mounted.
  where('have the outcomes that the documentation lists', async () => {
    console.log(`\n${table}\n`)
    expect(await table.documented()).toBe(String(table))
  })
})
