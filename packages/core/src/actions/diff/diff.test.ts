import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRegistryServer, MemoryStore, type ListeningServer } from '@gpreg/oci'
import { createRegistries, parsePrefix, type Registries } from '@gpreg/oci/engine'
import { pushSample, sampleImage, sampleIndex } from '@gpreg/oci/testing'
import { createContext } from '../../context.ts'
import { writeLock } from '../../documents/lock.ts'
import { formatReceipt } from '../../documents/receipt.ts'
import { collectBundleSet, collectImageSet } from '../../gitpod/collect.ts'
import type { ImageSetWorld } from '../../gitpod/image-set-request.ts'
import { saveBundle } from '../bundle/save.ts'
import { lockImages } from '../lock.ts'
import { mirrorImages } from '../mirror.ts'
import { receiptOfVerify, verifyHoldings } from '../verify.ts'
import { compareSides, diffSides } from './diff.ts'

const context = createContext({ sleep: async () => {} })
const images = {
  'app/server:1': sampleImage(['base', 'server one']),
  'app/server:2': sampleImage(['base', 'server two', 'a new layer']),
  'app/code:nightly': sampleImage(['base', 'code']),
  'app/old:1': sampleImage(['base', 'what only the old one has']),
  'app/young:1': sampleIndex({
    amd64: sampleImage(['base', 'young']),
    arm64: sampleImage(['base for arm', 'young for arm'], { architecture: 'arm64' }),
  }),
  // The same layers below another name: a mirror does not look for them in the old repository.
  'app/before:1': sampleImage(['base', 'what moves']),
  'app/after:1': sampleImage(['base', 'what moves']),
}
const OLD = ['app/server:1', 'app/code:nightly', 'app/old:1', 'app/before:1']
const YOUNG = ['app/server:2', 'app/code:nightly', 'app/young:1', 'app/after:1']

let upstream: ListeningServer
let target: ListeningServer
let registries: Registries
let world: ImageSetWorld & { readonly registries: Registries }
let directory: string
const at = (name: string) => join(directory, name)
const hostOf = ({ url }: ListeningServer) => new URL(url).host

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-diff-'))
  const store = new MemoryStore()
  for (const [name, image] of Object.entries(images)) {
    const [repository = '', tag] = name.split(':')
    await pushSample(store.repository(repository), image, tag)
  }
  const signature = sampleImage(['signed'], {
    subject: images['app/server:2'].descriptor,
    artifactType: 'application/sig',
  })
  await pushSample(store.repository('app/server'), signature)
  upstream = await createRegistryServer(store).listen('127.0.0.1', 0)
  target = await createRegistryServer(new MemoryStore()).listen('127.0.0.1', 0)
  registries = await createRegistries({ env: {} }, context)
  world = {
    context,
    registries,
    openVersions: async reference => registries.open('source', reference).repository,
    stdin: async () => '',
  }
  await writeFile(at('old.json'), await lockOf(OLD))
  await writeFile(at('young.json'), await lockOf(YOUNG))
})
afterAll(async () => {
  await registries.close()
  await upstream.close()
  await target.close()
  await rm(directory, { recursive: true })
})

async function lockOf(names: readonly string[]): Promise<string> {
  const image = names.map(name => `${hostOf(upstream)}/${name}`)
  const { lock } = await lockImages(await collectImageSet({ image }, world), registries, {}, context)
  return writeLock(lock)
}

describe('a diff of two locks', () => {
  it('tells added, removed and changed images, and their layers', async () => {
    const { images, totals } = await diffSides([at('old.json'), at('young.json')], {}, world)
    expect(images.map(({ name, status }) => [name, status])).toEqual([
      ['app/after', 'added'],
      ['app/before', 'removed'],
      ['app/old', 'removed'],
      ['app/server', 'changed'],
      ['app/young', 'added'],
    ])
    expect(totals.images).toEqual({ added: 2, removed: 2, changed: 1, unchanged: 1 })
    const server = images.find(({ name }) => name === 'app/server')
    expect(server).toMatchObject({ from: { name: 'app/server:1' }, to: { name: 'app/server:2' } })
    expect(server?.blobs?.added.map(({ size }) => size)).toContain('a new layer'.length)
    expect(server?.blobs?.kept).toBe(1)
  })

  it('is empty for the same lock', async () => {
    const { images, totals } = await diffSides([at('old.json'), at('old.json')], {}, world)
    expect([images, totals.carry, totals.send]).toEqual([[], { blobs: 0, bytes: 0 }, { blobs: 0, bytes: 0 }])
  })

  it('says the bytes that a mirror and a differential bundle then really send', async () => {
    const to = parsePrefix(`${hostOf(target)}/gitpod`)
    const mirror = async (lock: string) =>
      mirrorImages(await collectImageSet({ lock, to }, world), registries, {}, context)
    const first = await mirror(at('old.json'))
    expect(first.totals.failed).toBe(0)
    const bytes = first.images.map(({ bytes, content }) => [bytes, content?.bytes] as const)
    for (const [each, all] of bytes) expect((each?.sent ?? 0) + (each?.mounted ?? 0)).toBe(all)
    expect(bytes.reduce((sum, [each]) => sum + (each?.sent ?? 0), 0)).toBe(first.totals.bytes.sent)

    const set = await collectImageSet({ lock: at('old.json'), to }, world)
    const receipt = receiptOfVerify(
      to,
      await verifyHoldings(set, registries, {}, context),
      () => undefined,
      context,
    )
    await writeFile(at('receipt.json'), formatReceipt(receipt))

    const said = await diffSides([at('old.json'), at('young.json')], { to }, world)
    const byReceipt = await diffSides([at('receipt.json'), at('young.json')], {}, world)
    const held = await diffSides(
      [`${hostOf(target)}/gitpod`, at('young.json')],
      { lock: at('old.json') },
      world,
    )

    const bundle = { path: at('b'), form: 'directory', since: receipt, tool: 'gpreg test' } as const
    const saved = await saveBundle(
      await collectBundleSet({ lock: at('young.json') }, world),
      registries,
      bundle,
      context,
    )
    const sent = (await mirror(at('young.json'))).totals

    expect(saved.totals.failed + sent.failed).toBe(0)
    expect(byReceipt.totals.carry).toEqual({ blobs: saved.totals.blobs.sent, bytes: saved.totals.bytes.sent })
    expect(said.totals.carry).toEqual(byReceipt.totals.carry)
    expect(said.totals.send).toEqual({ blobs: sent.blobs.sent, bytes: sent.bytes.sent })
    expect(held.totals.send).toEqual(said.totals.send)
    expect(said.target?.bytes.send).toBe(sent.bytes.sent)
    // The image that moved to another repository is what makes both differ.
    expect(said.totals.send?.bytes).toBeGreaterThan(said.totals.carry.bytes)

    const bundled = await diffSides([at('b'), at('young.json')], {}, world)
    expect(bundled.images).toEqual([])
  })
})

it.each([
  ['nothing.json', /there is no/],
  ['./nowhere/at-all', /there is no/],
])('%s is no side', async (name, message) => {
  const answer = diffSides([name, name], {}, world)
  await expect(answer).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) })
})

it('refuses a lock that no side is held against', async () => {
  const answer = diffSides([at('old.json'), at('young.json')], { lock: at('old.json') }, world)
  await expect(answer).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('--lock') })
})

it.each([
  ['2022.05.1', '2022.11.3', 'workspace.workspaceImage'],
  ['2022.11.3', '2022.05.1', 'experimental.webapp.server.workspaceDefaults.workspaceImage'],
])('from %s to %s, the image of workspaces is set at %s', (from, to, place) => {
  const side = (release: string) => ({ kind: 'release', name: release, release, images: [] }) as const
  const { configuration } = compareSides(side(from), side(to))
  expect(configuration).toHaveLength(3)
  expect(configuration[0]?.to).toBe(place)
  expect(compareSides(side(to), side(to)).configuration).toEqual([])
})
