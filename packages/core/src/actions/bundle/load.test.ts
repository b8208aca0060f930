import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openBundle } from '../../bundle/bundle.ts'
import { lockOf } from '../../bundle/foreign-layout.ts'
import { createContext } from '../../context.ts'
import { writeLock, type Lock, type LockEntry } from '../../documents/lock.ts'
import { createRegistryServer, type Digest, LayoutStore, MemoryStore } from '@gpreg/oci'
import { createRegistries, parsePrefix } from '@gpreg/oci/engine'
import { oddRegistry, pushSample, refusing, sampleImage, type Sample } from '@gpreg/oci/testing'
import { loadBundle, receiptOfLoad } from './load.ts'
import { verifyBundle } from './verify-bundle.ts'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

const images = { good: sampleImage(['good']), bad: sampleImage(['bad']) }
// Damaged content is read again after a pause. The tests skip the pause.
const context = createContext({ sleep: async () => {} })

/** A layout as another tool writes it, with two images. `change` then damages a file of the image `bad`. */
async function damagedLayout(
  change: (file: (digest: Digest) => string) => Promise<unknown>,
  names: Record<string, Sample> = images,
) {
  const root = await mkdtemp(join(tmpdir(), 'gpreg-load-'))
  directories.push(root)
  const layout = await LayoutStore.open(root)
  for (const [name, image] of Object.entries(names)) await pushSample(layout.repository(name), image, '1')
  await change(digest => join(root, 'blobs', ...digest.split(':')))
  return root
}

/** What a load of a layout with these images says of each. */
async function loadLayout(names: Record<string, Sample>, document?: Lock): Promise<unknown> {
  const root = await damagedLayout(async () => {}, names)
  if (document !== undefined) await writeFile(join(root, 'gpreg.lock.json'), writeLock(document))
  const registries = await createRegistries({ env: {} }, context)
  await using bundle = await openBundle([root], undefined, context)
  const target = `${root}-loaded`
  directories.push(target)
  const { images } = await loadBundle(bundle, { layout: target }, registries, {}, context)
  expect((await verifyBundle([root], undefined, context)).problems).toEqual([])
  return images.map(({ target, status }) => `${target} ${status}`)
}

const { bad } = images
const layer = [...bad.blobs.keys()].at(-1)!

it.each<[string, (file: (digest: Digest) => string) => Promise<unknown>, RegExp]>([
  ['without its manifest', file => rm(file(bad.descriptor.digest)), /is not in/],
  ['without a layer', file => rm(file(layer)), new RegExp(`has no ${layer}, which bad:1 needs`)],
  ['with a changed manifest', file => rewrite(file(bad.descriptor.digest), '{}'), /expected/],
  ['with a changed layer', file => rewrite(file(layer), 'x'), /expected/],
])('an image %s fails alone, and verify names the image', async (_, change, message) => {
  const root = await damagedLayout(change)
  const registries = await createRegistries({ env: {} }, context)
  await using bundle = await openBundle([root], undefined, context)
  const target = `${root}-loaded`
  directories.push(target)
  const { images } = await loadBundle(bundle, { layout: target }, registries, {}, context)
  expect(images.map(({ target, status }) => [target, status]).toSorted()).toEqual([
    ['bad:1', 'failed'],
    ['good:1', 'copied'],
  ])
  const failed = images.find(({ status }) => status === 'failed')?.error
  if (message.source === 'expected') expect(failed?.hint).toContain('gpreg bundle verify')
  // A single image names its platform only in its config, which is in the bundle.
  expect(images.find(({ status }) => status === 'copied')!.content?.platforms).toEqual(['linux/amd64'])
  expect(images.find(({ status }) => status === 'failed')!.error!.message).toMatch(message)
  expect(await readFile(join(target, 'index.json'), 'utf8')).not.toContain('bad:1')
  const { problems } = await verifyBundle([root], undefined, context)
  expect(problems).toMatchObject([{ images: ['bad:1'] }])
})

describe('a layout of another tool', () => {
  it('has one image under a name that two hosts have, or is refused', async () => {
    const [first, second] = ['docker.io/lib/app', 'quay.io/lib/app']
    const refused = loadLayout({ [first!]: images.good, [second!]: images.bad })
    await expect(refused).rejects.toMatchObject({
      code: 'target-collision',
      subject: { reference: 'lib/app:1' },
    })
    expect(await loadLayout({ [first!]: images.good, [second!]: images.good })).toEqual(['lib/app:1 copied'])
  })

  it('has the names in its index if the lock beside it was not made for a bundle', async () => {
    const images: LockEntry[] = [
      {
        ...{ source: 'docker.io/lib/app:1', purpose: 'components', origins: [], referrers: [], bytes: 0 },
        ...bad.descriptor,
      },
    ]
    const lock: Lock = { kind: 'Lock', version: 1, created: '2026-11-25T00:00:00.000Z', images }
    expect(await loadLayout({ 'lib/app': bad }, lock)).toEqual(['lib/app:1 copied'])
    const twice = [{ ...images[0]!, paths: ['lib/app:1'] }]
    twice.push({ ...twice[0]!, source: 'quay.io/lib/app:1' })
    const refused = loadLayout({ 'lib/app': bad }, { ...lock, images: twice })
    await expect(refused).rejects.toMatchObject({ code: 'target-collision' })
  })

  it('has the whole names that containerd and Docker write beside a tag, and not those of before a renaming', async () => {
    const root = await damagedLayout(async () => {})
    const named = (name: string, tag: string, { descriptor }: Sample) => ({
      ...descriptor,
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': tag },
    })
    const manifests = [
      named('docker.io/lib/app:latest', 'latest', images.good),
      named('quay.io/lib/other:latest', 'latest', images.bad),
      named('quay.io/lib/other:latest', 'lib/renamed:2', images.bad),
    ]
    await writeFile(join(root, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
    await using bundle = await openBundle([root], undefined, context)
    const { images: found } = await lockOf(bundle, context)
    expect(found.map(({ paths, digest }) => [paths?.[0], digest])).toEqual([
      ['lib/app:latest', images.good.descriptor.digest],
      ['lib/other:latest', images.bad.descriptor.digest],
      ['lib/renamed:2', images.bad.descriptor.digest],
    ])
    const layout = await LayoutStore.open(root)
    await pushSample(layout.repository('quay.io/lib/other'), images.good, 'latest')
    expect(
      (await readFile(join(root, 'index.json'), 'utf8')).match(/quay.io.lib.other:latest/g),
    ).toHaveLength(2)
  })

  it('keeps a signature under the tag of cosign, whatever host its name has', async () => {
    const tag = images.good.descriptor.digest.replace(':', '-') + '.sig'
    const root = await damagedLayout(async () => {}, { 'docker.io/lib/app': images.good })
    await pushSample((await LayoutStore.open(root)).repository('docker.io/lib/app'), images.bad, tag)
    expect((await verifyBundle([root], undefined, context)).problems).toEqual([])
  })
})

it('an image whose base cannot be asked for fails alone', async () => {
  const root = await damagedLayout(file => rm(file(layer)))
  const named = (path: string, { descriptor }: Sample): LockEntry => ({
    ...{ source: `layout.invalid/${path}`, paths: [path], purpose: 'components', origins: [], referrers: [] },
    ...{ ...descriptor, bytes: 0 },
  })
  const created = '2026-11-25T00:00:00.000Z'
  const blobs = [{ digest: layer, size: bad.blobs.get(layer)!.descriptor.size, repository: 'holder' }]
  const lock: Lock = {
    ...{ kind: 'Lock', version: 1, created, base: { receipt: layer, created, blobs } },
    images: [named('good:1', images.good), named('bad:1', bad)],
  }
  await writeFile(join(root, 'gpreg.lock.json'), writeLock(lock))
  await using registry = await oddRegistry(refusing('HEAD GET', /\/x\/holder\/blobs\//, 403))
  const registries = await createRegistries({ env: {} }, context)
  await using bundle = await openBundle([root], undefined, context)
  const answer = await loadBundle(bundle, { to: parsePrefix(`${registry.host}/x`) }, registries, {}, context)
  expect(answer.images.map(({ status, error }) => [status, error?.code])).toEqual([
    ['failed', 'base-missing'],
    ['copied', undefined],
  ])
  expect(answer.missing).toMatchObject([{ digest: layer }])
  // One message for every number of blobs: images that fail for one reason are told as one.
  expect(answer.images[0]?.error?.message).toMatch(/ leaves out blobs that the target does not hold$/)
  await registries.close()
})

it('a signature that failed or went is brought by the next load, and a receipt names only what came', async () => {
  const signature = sampleImage(['signed', 'twice'], { artifactType: 'application/sig' })
  const tag = images.good.descriptor.digest.replace(':', '-') + '.sig'
  const root = await damagedLayout(async () => {})
  await pushSample((await LayoutStore.open(root)).repository('good'), signature, tag)
  const manifest = join(root, 'blobs', ...signature.descriptor.digest.split(':'))
  const store = new MemoryStore()
  const server = await createRegistryServer(store).listen('127.0.0.1', 0)
  const to = parsePrefix(`127.0.0.1:${server.port}/x`)
  const registries = await createRegistries({ env: {} }, context)
  const held = store.repository('x/good')
  const load = async () => {
    await using bundle = await openBundle([root], undefined, context)
    const result = await loadBundle(bundle, { to }, registries, {}, context)
    const receipt = await receiptOfLoad(bundle, to, result, context)
    const blobs = receipt.blobs.map(({ digest }) => digest)
    const isNoted = [...signature.blobs.keys()].map(digest => blobs.includes(digest))
    return [result.totals.failed, receipt.images.length, isNoted]
  }

  await rename(manifest, `${root}/manifest`)
  expect(await load()).toEqual([1, 2, [false, false, false]])
  await rename(`${root}/manifest`, manifest)
  expect(await load()).toEqual([0, 2, [true, true, true]])
  expect((await held.resolve(tag)).digest).toBe(signature.descriptor.digest)
  await held.untag(tag)
  expect(await load()).toEqual([0, 2, [true, true, true]])
  expect((await held.resolve(tag)).digest).toBe(signature.descriptor.digest)
  await registries.close()
  await server.close()
})

async function rewrite(path: string, text: string): Promise<void> {
  await rm(path)
  await writeFile(path, text)
}
