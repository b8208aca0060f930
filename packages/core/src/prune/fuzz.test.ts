import fc from 'fast-check'
import { expect, it } from 'vitest'
import { GpregError, MemoryStore, type Descriptor, type Digest, type Repository } from '@gpreg/oci'
import { digestTag, isBelow, parsePrefix, readGraph } from '@gpreg/oci/engine'
import { pushSample, sampleImage, sampleIndex, type Sample } from '@gpreg/oci/testing'
import { pruneTarget, type PruneRegistries } from '../actions/prune.ts'
import { createContext } from '../context.ts'
import type { Lock } from '../documents/lock.ts'

const TO = parsePrefix('registry.test/mirror')
const REPOSITORIES = ['app', 'tools/app'] as const
/** Repositories that no document names: below the prefix, and beside it. */
const [FORGOTTEN, FOREIGN] = ['mirror/forgotten', 'mirrors/app'] as const
const CREATED = '2026-01-01T00:00:00.000Z'

/** Images that share layers, platforms and whole manifests. */
const IMAGES: readonly Sample[] = (() => {
  const [a, b, c] = [['base', 'a'], ['base', 'b'], ['c']].map(layers => sampleImage(layers)) as [
    Sample,
    Sample,
    Sample,
  ]
  return [a, b, c, sampleIndex({ amd64: a, arm64: b }), sampleIndex({ amd64: a, arm64: c })]
})()

/** Removes single tags; none; or the manifest with all its tags, as some registries do. */
type Kind = 'single' | 'none' | 'whole'

const placed = fc.record({
  repository: fc.constantFrom(...REPOSITORIES),
  image: fc.nat(IMAGES.length - 1),
  tag: fc.constantFrom('1', '2', '3', undefined),
  isSigned: fc.boolean(),
  document: fc.constantFrom('keep', 'mirrored', 'both', 'none'),
  /** whether the tag still points at what the document says */
  isMoved: fc.boolean(),
})
const world = fc.record({
  kind: fc.constantFrom<Kind>('single', 'none', 'whole'),
  content: fc.array(placed, { minLength: 1, maxLength: 8 }),
  allTags: fc.boolean(),
  /** the image of the repositories that no document names */
  forgotten: fc.nat(IMAGES.length - 1),
  /** number of changes after which the process is killed */
  killed: fc.option(fc.nat(6), { nil: undefined }),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

it('removes nothing that a kept lock or a tag that stays needs, whenever it is killed', async () => {
  await fc.assert(
    fc.asyncProperty(world, async world => {
      const { store, stays } = await build(world)
      await prune(world, store, world.killed)
      for (const name of stays) await expectWhole(store, name)
      if (world.killed !== undefined) await prune(world, store)
      for (const name of stays) await expectWhole(store, name)
      const again = await prune(world, store)
      const isSettled = (row: { readonly status: string }) => row.status === 'left'
      expect([...again.tags, ...again.manifests].filter(row => !isSettled(row))).toEqual([])
      if (world.allTags && world.kind === 'single')
        expect(await Array.fromAsync(store.repositories())).not.toContain(FORGOTTEN)
    }),
    { numRuns: 60 },
  )
})

interface Staying {
  readonly repository: string
  readonly reference: string
  readonly root: Descriptor
}

/** Fills a store, and tells what must be whole in the end. */
async function build({ content, allTags, forgotten }: World) {
  const store = new MemoryStore()
  const put: {
    repository: string
    tag: string | undefined
    image: Sample
    place: World['content'][number]
  }[] = []
  for (const place of content) {
    const { tag } = place
    const image = IMAGES[place.image]!
    const repository = `mirror/${place.repository}`
    await pushSample(store.repository(repository), image, tag ?? digestTag(image.descriptor.digest))
    if (place.isSigned) await sign(store.repository(repository), image.descriptor)
    put.push({ repository, tag, image, place })
  }
  for (const { repository, tag, place } of put)
    if (place.isMoved && tag !== undefined) await pushSample(store.repository(repository), IMAGES[2]!, tag)
  const keptNames = new Set(put.flatMap(p => (isIn('keep', p.place) ? `${p.repository}:${p.tag}` : [])))
  // The tag of a target, or the last segment of the name, as `--naming flat` has it, with the content of the lock.
  const isKnown = (repository: string, tag: string, { digest }: Descriptor) =>
    put.some(
      p =>
        isIn('mirrored', p.place) &&
        p.tag === tag &&
        (p.repository === repository ||
          (repository === 'mirror/app' && p.image.descriptor.digest === digest)),
    )
  const stays: Staying[] = []
  for (const repository of [FORGOTTEN, FOREIGN]) {
    const image = IMAGES[forgotten]!
    await pushSample(store.repository(repository), image, '1')
    if (repository === FOREIGN || !allTags) stays.push({ repository, reference: '1', root: image.descriptor })
  }
  for (const { repository, tag, image, place } of put) {
    const name = `${repository}:${tag}`
    const held = tag === undefined ? image.descriptor : await store.repository(repository).resolve(tag)
    const isUnnamed = tag !== undefined && !isKnown(repository, tag, held) && !allTags
    if (tag !== undefined && (keptNames.has(name) || isUnnamed))
      stays.push({ repository, reference: tag ?? held.digest, root: held })
    if (isIn('keep', place))
      stays.push({ repository, reference: image.descriptor.digest, root: image.descriptor })
  }
  return { store, stays }
}

/** A signature under cosign's tag, and another one by its subject. */
async function sign(repository: Repository, subject: Descriptor): Promise<void> {
  const tag = `${subject.digest.replace(':', '-')}.sig`
  await pushSample(repository, sampleImage([`signature of ${subject.digest}`]), tag)
  await pushSample(
    repository,
    sampleImage([`by subject ${subject.digest}`], { subject, artifactType: 'application/vnd.test' }),
  )
}

function isIn(document: 'keep' | 'mirrored', place: World['content'][number]): boolean {
  return place.document === document || place.document === 'both'
}

function lockOf(content: World['content'], document: 'keep' | 'mirrored'): Lock {
  const images = content
    .filter(place => isIn(document, place))
    .map(({ repository, image, tag }): Lock['images'][number] => {
      const { digest, mediaType, size } = IMAGES[image]!.descriptor
      const target = `registry.test/mirror/${repository}${tag === undefined ? `@${digest}` : `:${tag}`}`
      const source = `elsewhere.test/x/${repository}${tag === undefined ? '' : `:${tag}`}@${digest}`
      return {
        source,
        target,
        digest,
        mediaType,
        size,
        bytes: 0,
        purpose: 'components',
        origins: [],
        referrers: [],
      }
    })
  return { kind: 'Lock', version: 1, created: CREATED, images }
}

async function prune({ kind, content, allTags }: World, store: MemoryStore, killed?: number) {
  const documents = { keep: [lockOf(content, 'keep')], mirrored: [lockOf(content, 'mirrored')] }
  const request = { to: TO, ...documents, allTags }
  const plan = await pruneTarget(request, registriesOf(store, kind), createContext())
  const confirm = plan.totals.tags.toRemove
  const counted = registriesOf(store, kind, killed)
  try {
    return await pruneTarget({ ...request, execute: true, confirm }, counted, createContext())
  } catch (error) {
    if (killed === undefined) throw error
    return plan
  }
}

/** The store as a registry of a kind. After some changes every request ends as if the process were killed. */
function registriesOf(store: MemoryStore, kind: Kind, killed = Infinity): PruneRegistries {
  let changes = 0
  const change = async (work: () => Promise<void>) => {
    if (changes++ >= killed) throw new GpregError('aborted', 'killed')
    await work()
  }
  const open = (name: string) => {
    const repository = store.repository(name)
    const untag = async (tag: string) => {
      if (kind === 'none') throw new GpregError('protocol', 'removes no single tag', { status: 405 })
      if (kind === 'single') return repository.untag(tag)
      await repository.delete(await repository.resolve(tag))
    }
    return new Proxy(repository, {
      get(_, key) {
        if (key === 'untag') return (tag: string) => change(() => untag(tag))
        if (key === 'delete') return (each: Descriptor) => change(() => repository.delete(each))
        const value: unknown = Reflect.get(repository, key)
        return typeof value === 'function' ? value.bind(repository) : value
      },
    })
  }
  return {
    open: (_, { host, repository }) => ({ host, repository: open(repository) as never }),
    repositories: () => belowPrefix(store),
  }
}

async function* belowPrefix(store: MemoryStore): AsyncGenerator<string> {
  for await (const repository of store.repositories())
    if (isBelow(TO, { host: TO.host, repository })) yield repository
}

async function expectWhole(
  store: MemoryStore,
  { repository: name, reference, root }: Staying,
): Promise<void> {
  const repository = store.repository(name)
  expect(await repository.resolve(reference), `${name} ${reference}`).toMatchObject({ digest: root.digest })
  const { blobs } = await readGraph(repository, root)
  const missing: Digest[] = []
  for (const blob of blobs) if (!(await repository.exists(blob))) missing.push(blob.digest)
  expect(missing).toEqual([])
}
