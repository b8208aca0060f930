import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRegistryServer, MemoryStore, parseReference, type Digest } from '@gpreg/oci'
import { createRegistries } from '@gpreg/oci/engine'
import { pushSample, sampleImage } from '@gpreg/oci/testing'
import { createContext } from '../context.ts'
import { lockToEntries } from '../documents/lock.ts'
import { parseSidecar } from '../documents/sidecar.ts'
import type { ImageSet } from '../gitpod/image-set.ts'
import { readSignaturePolicy } from '../signatures/policy.ts'
import type { SignaturePolicy } from '../signatures/rules.ts'
import { keyIn, signByTag } from '../testing/fake-sigstore.ts'
import { saveBundle } from './bundle/save.ts'
import { lockImages } from './lock.ts'
import { mirrorImages } from './mirror.ts'
import { verifyImages } from './verify.ts'

const context = createContext()
const images = { signed: sampleImage(['signed']), unsigned: sampleImage(['unsigned']) }
const store = new MemoryStore()

let host: string
let close: () => Promise<void>
let policy: SignaturePolicy
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-signed-'))
  const key = await keyIn(directory, 'key.pub')
  policy = (await readSignaturePolicy({ keys: [key.path] }))!
  await rm(directory, { recursive: true })
  for (const [name, image] of Object.entries(images)) await pushSample(store.repository(name), image, '1')
  await signByTag(store.repository('signed'), images.signed.descriptor.digest, key.privateKey)
  const server = await createRegistryServer(store, {}, context).listen('127.0.0.1', 0)
  host = `127.0.0.1:${server.port}`
  close = () => server.close()
})
afterAll(() => close())

const setOf = (prefix: string): ImageSet => ({
  images: Object.keys(images).map(name => ({
    source: parseReference(`${host}/${name}:1`),
    target: parseReference(`${host}/${prefix}/${name}:1`),
    purpose: 'components',
    origins: [],
  })),
  excluded: [],
})

it('an image without a valid signature is not locked, and nothing of it is sent', async () => {
  const registries = await createRegistries({ env: {} }, context)
  const { lock, failed } = await lockImages(setOf('a'), registries, { policy }, context)
  expect(lock.images).toMatchObject([{ source: `${host}/signed:1`, verified: { by: 'key' } }])
  expect(failed).toMatchObject([{ source: `${host}/unsigned:1`, error: { code: 'signature-invalid' } }])

  const { images } = await mirrorImages(setOf('a'), registries, { policy }, context)
  expect(images.map(({ status, error }) => [status, error?.code])).toEqual([
    ['copied', undefined],
    ['failed', 'signature-invalid'],
  ])
  expect(images.map(({ verified }) => verified)).toEqual([lock.images[0]?.verified, undefined])
  expect(await isThere('a/unsigned')).toBe(false)
  await registries.close()
})

it('a bundle says who had signed, as it was found now or as the lock of its content says', async () => {
  const registries = await createRegistries({ env: {} }, context)
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-signed-'))
  const [wanted] = setOf('c').images
  const named = { ...wanted!, name: { repository: 'signed', tag: '1' } }
  const save = async (name: string, entry: typeof named, options: { policy?: SignaturePolicy }) => {
    const path = join(directory, name)
    const saved = await saveBundle(
      { images: [entry], excluded: [] },
      registries,
      { path, form: 'archive', tool: 'gpreg 0', ...options },
      context,
    )
    const { lock } = parseSidecar(await readFile(`${path}.manifest.json`, 'utf8'), path)
    return [saved.images[0]?.verified, lock.document.images[0]?.verified]
  }
  const { lock } = await lockImages({ images: [wanted!], excluded: [] }, registries, { policy }, context)
  const verified = lock.images[0]?.verified
  expect(verified).toMatchObject({ by: 'key' })
  expect(await save('a.tar', named, { policy })).toEqual([verified, verified])
  const [locked] = lockToEntries(lock)
  expect(await save('b.tar', { ...named, ...locked! }, {})).toEqual([undefined, verified])
  expect(await save('c.tar', named, {})).toEqual([undefined, undefined])
  await registries.close()
  await rm(directory, { recursive: true })
})

it('an image that is at the target already is still refused, and verify says that it has no signature', async () => {
  const registries = await createRegistries({ env: {} }, context)
  await mirrorImages(setOf('b'), registries, {}, context)
  const again = await mirrorImages(setOf('b'), registries, { policy }, context)
  expect(again.images.map(({ status }) => status)).toEqual(['up-to-date', 'failed'])
  const verified = await verifyImages(setOf('b'), registries, { policy }, context)
  expect(verified.images.map(({ status, problems }) => [status, problems.map(({ code }) => code)])).toEqual([
    ['ok', []],
    ['incomplete', ['signature-invalid']],
  ])
  expect(verified.images.map(each => each.verified?.by)).toEqual(['key', undefined])
  await registries.close()
})

async function isThere(repository: string): Promise<boolean> {
  const digest: Digest = images.unsigned.descriptor.digest
  return store
    .repository(repository)
    .resolve(digest)
    .then(
      () => true,
      () => false,
    )
}
