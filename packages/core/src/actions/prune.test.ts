import { describe, expect, it } from 'vitest'
import { GpregError, MemoryStore, type Descriptor, type Repository } from '@gpreg/oci'
import { parsePrefix } from '@gpreg/oci/engine'
import { pushSample, sampleImage, sampleIndex, type Sample } from '@gpreg/oci/testing'
import { createContext } from '../context.ts'
import type { Lock } from '../documents/lock.ts'
import { pruneTarget, type PruneRegistries } from './prune.ts'

const to = parsePrefix('registry.test/mirror')
const [a, b] = [sampleImage(['shared', 'a']), sampleImage(['shared', 'b'])] as [Sample, Sample]
const index = sampleIndex({ amd64: a, arm64: b })

function lock(images: Readonly<Record<string, Sample>>): Lock {
  return {
    kind: 'Lock',
    version: 1,
    created: '2026-01-01T00:00:00.000Z',
    images: Object.entries(images).map(([name, { descriptor }]) => ({
      source: `elsewhere.test/${name}`,
      target: `registry.test/mirror/${name}`,
      ...descriptor,
      bytes: 0,
      purpose: 'components',
      origins: [],
      referrers: [],
    })),
  }
}

/** `app:1` and `app:2`, in a repository whose methods may be replaced. */
async function world(
  images: Readonly<Record<string, Sample>>,
  replaced: Readonly<Record<string, unknown>> = {},
) {
  const store = new MemoryStore()
  const repository = store.repository('mirror/app')
  for (const [tag, image] of Object.entries(images)) await pushSample(repository, image, tag)
  const proxy = new Proxy(repository, {
    get(_, key) {
      const value: unknown = replaced[String(key)] ?? Reflect.get(repository, key)
      return typeof value === 'function' ? value.bind(repository) : value
    },
  })
  const registries: PruneRegistries = {
    open: (_, { host, repository: name }) => ({
      host,
      repository: (name === 'mirror/app' ? proxy : store.repository(name)) as never,
    }),
    repositories: () => store.repositories(),
  }
  const prune = (keep: Lock, mirrored: Lock, options: object = {}) =>
    pruneTarget({ to, keep: [keep], mirrored: [mirrored], ...options }, registries, createContext())
  return { repository, prune }
}

const [KEEP, MIRRORED] = [lock({ 'app:2': index }), lock({ 'app:1': a })]

describe('a prune', () => {
  it('only shows what would go', async () => {
    const { repository, prune } = await world({ 1: b, 2: a })
    const result = await prune(lock({ 'app:2': a }), lock({ 'app:1': b }))
    expect(result.tags).toMatchObject([{ tag: 'registry.test/mirror/app:1', status: 'to-remove' }])
    expect(result.totals.bytes).toMatchObject({ freed: 1, shared: expect.any(Number) })
    expect(result.totals.bytes.shared).toBeGreaterThan(1)
    expect(await Array.fromAsync(repository.tags())).toEqual(['1', '2'])
  })

  it('removes a tag alone if its manifest is below an index that stays', async () => {
    const { repository, prune } = await world({ 1: a, 2: index })
    const result = await prune(KEEP, MIRRORED, { execute: true })
    expect(result).toMatchObject({ tags: [{ status: 'removed' }], manifests: [] })
    expect(await Array.fromAsync(repository.tags())).toEqual(['2'])
    expect(await repository.exists(a.descriptor)).toBe(true)
  })

  it.each<
    [
      string,
      (
        this: { delete(d: Descriptor): Promise<void>; resolve(t: string): Promise<Descriptor> },
        tag: string,
      ) => Promise<void>,
    ]
  >([
    [
      'removes no single tag',
      async () => {
        throw new GpregError('protocol', 'no', { status: 405 })
      },
    ],
    [
      'deletes the manifest with its tag',
      async function (tag) {
        await this.delete(await this.resolve(tag))
      },
    ],
  ])('leaves such a tag if the registry %s', async (_, untag) => {
    const { repository, prune } = await world({ 1: a, 2: index }, { untag })
    const { tags } = await prune(KEEP, MIRRORED, { execute: true })
    expect(tags).toMatchObject([{ status: 'left', reason: expect.stringContaining('needs') }])
    expect(await Array.fromAsync(repository.tags())).toEqual(['1', '2'])
  })

  it('leaves a repository alone if something that stays cannot be read', async () => {
    const { repository, prune } = await world({ 1: a, 2: index, 3: b })
    await repository.delete(index.descriptor)
    const tagged = {
      tags: async function* () {
        yield* ['1', '2', '3']
      },
    }
    const broken = await world({ 1: a, 3: b }, tagged)
    const result = await broken.prune(KEEP, MIRRORED, { execute: true })
    expect(result).toMatchObject({ tags: [], leftAlone: [{ repository: 'registry.test/mirror/app' }] })
    expect((await prune(KEEP, MIRRORED)).leftAlone).toEqual([])
  })

  it('leaves a tag that was moved after it was planned', async () => {
    let asked = 0
    const { prune } = await world(
      { 1: a, 2: index },
      {
        async *tags(this: Repository) {
          if (asked++ > 0) await pushSample(this, sampleImage(['newer']), '1')
          yield* ['1', '2']
        },
      },
    )
    const { tags } = await prune(KEEP, MIRRORED, { execute: true })
    expect(tags).toMatchObject([{ status: 'left', reason: expect.stringContaining('moved') }])
  })

  it.each([
    ['no kept image is there', { 1: a, x: b, y: b }, lock({ 'app:9': index }), MIRRORED, 1],
    ['most tags would go', { 1: a, 2: index, 3: a }, KEEP, lock({ 'app:1': a, 'app:3': a }), 2],
  ])('wants a number confirmed if %s', async (_, images, keep, mirrored, confirm) => {
    const { prune } = await world(images)
    expect((await prune(keep, mirrored)).confirm).toMatchObject({ tags: confirm })
    await expect(prune(keep, mirrored, { execute: true })).rejects.toMatchObject({ code: 'usage' })
    await expect(prune(keep, mirrored, { execute: true, confirm: 7 })).rejects.toMatchObject({
      code: 'usage',
    })
    const { totals } = await prune(keep, mirrored, { execute: true, confirm })
    expect(totals.tags.removed).toBe(confirm)
  })

  it.each([
    ['forbidden', 403, 'DENIED (other/app:1 still needs it)'],
    ['protocol', 400, 'GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE: Manifest is referenced by image sha256:…'],
  ] as const)(
    'leaves a manifest that the registry needs elsewhere (%s %d)',
    async (code, status, message) => {
      const refuse = async () => {
        throw new GpregError(code, message, { status })
      }
      const { prune } = await world({ 1: b, 2: a }, { delete: refuse })
      const { tags, manifests, totals } = await prune(lock({ 'app:2': a }), lock({ 'app:1': b }), {
        execute: true,
      })
      expect(tags).toMatchObject([{ status: 'removed' }])
      expect(manifests).toMatchObject([{ status: 'left', reason: expect.stringContaining(message) }])
      expect(totals.manifests).toMatchObject({ left: 1, failed: 0 })
    },
  )

  it('says how deletion is allowed if the registry refuses it', async () => {
    const refuse = async () => {
      throw new GpregError('protocol', 'UNSUPPORTED', { status: 405 })
    }
    const { prune } = await world({ 1: b, 2: a }, { untag: refuse, delete: refuse })
    const { tags } = await prune(lock({ 'app:2': a }), lock({ 'app:1': b }), { execute: true })
    expect(tags).toMatchObject([
      { status: 'failed', error: { hint: expect.stringContaining('storage.delete.enabled') } },
    ])
  })
})
