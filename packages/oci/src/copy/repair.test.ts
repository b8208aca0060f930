import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { attach } from '../artifact/attach.ts'
import { pack } from '../artifact/pack.ts'
import { push } from '../artifact/push.ts'
import { createContext } from '../context.ts'
import { GpregError } from '../errors.ts'
import type { OciEvent } from '../events.ts'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { digestOf } from '../model/hash.ts'
import { openRemote } from '../remote/remote.ts'
import { createRegistryServer } from '../serve/server.ts'
import { artifactIn, type Artifact } from '../store/artifact.ts'
import type { Repository } from '../store/content.ts'
import { LayoutStore } from '../store/layout/layout-store.ts'
import { verified } from '../store/verify.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { engineOptions, itemOf } from './copy.ts'
import { digestTag } from './digest-tag.ts'
import { executePlan } from './execute.ts'
import type { EngineOptions } from './survey/item.ts'
import { planTransfer } from './plan.ts'

const SIGNATURE = 'application/vnd.example.signature.v1'

const directories: string[] = []
afterEach(async () => {
  for (const path of directories.splice(0)) await rm(path, { recursive: true })
})

/** A store, a layout beside it, an index `app:1` of one image with two layers and a signature, and a way to copy. */
async function stores() {
  const source = new MemoryStore()
  const directory = await mkdtemp(join(tmpdir(), 'repair-'))
  directories.push(directory)
  const target = await LayoutStore.open(directory)
  const image = artifactIn(source, 'app:1')
  const layers = [await push(image, 'one'), await push(image, 'two')]
  const child = await pack(artifactIn(source, 'app:child'), { artifactType: SIGNATURE, layers })
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests: [{ ...child, platform: { os: 'linux', architecture: 'amd64' } }],
    }),
  )
  const index = { mediaType: MediaType.ociIndex, digest: digestOf(bytes), size: bytes.byteLength }
  await image.target.repository.tag('1', index, bytes)
  const signature = await attach(image, { artifactType: SIGNATURE, layers: [await push(image, 'signed')] })
  const events: OciEvent[] = []
  const run = async (
    options: Partial<EngineOptions> = {},
    name = 'app:1',
    to: Artifact<Repository> = artifactIn(target, `x/${name}`),
  ) => {
    const context = createContext({ emit: event => events.push(event) })
    const engine = { ...engineOptions({}), ...options }
    const items = [itemOf({ from: artifactIn(source, name), to })]
    return executePlan(await planTransfer(items, engine, context), engine, context)
  }
  const repository = () => artifactIn(target, 'x/app:1').target.repository
  // Only the file goes, as if a disk lost it: tags that point above it stay.
  const lose = ({ digest }: Descriptor) => rm(join(directory, 'blobs', 'sha256', digest.slice(7)))
  const damage = async (descriptor: Descriptor, text: string) => {
    await lose(descriptor)
    await writeFile(join(directory, 'blobs', 'sha256', descriptor.digest.slice(7)), text)
  }
  return { source, target, index, child, layers, signature, run, repository, lose, damage, events }
}

describe('an image whose tag is up to date', () => {
  it.each(['a blob', 'a manifest below the index', 'a signature'])('gets %s back by a repair', async what => {
    const { run, lose, repository, layers, child, signature } = await stores()
    await run()
    const lost = { 'a blob': layers[1], 'a manifest below the index': child }[what] ?? signature
    await lose(lost)
    expect((await run()).images[0]?.status).toBe('up-to-date')
    expect(await repository().exists(lost)).toBe(false)
    const { images, totals } = await run({ repair: true })
    expect(images[0]?.status).toBe('copied')
    expect(await repository().exists(lost)).toBe(true)
    expect(totals.sent).toBe(what === 'a blob' ? 1 : 0)
    expect((await run({ repair: true })).images[0]?.status).toBe('up-to-date')
  })
})

describe('an image whose bytes are damaged at the target', () => {
  it.each<[string, string]>([
    ['a blob', 'TWO'],
    ['a blob', 'tw'],
    ['a manifest below the index', '{}'],
    ['the index', '{}'],
    ['a signature', ''],
  ])('gets %s back by a deep repair, over %j', async (what, text) => {
    const { run, damage, repository, layers, child, signature, index } = await stores()
    await run()
    const damaged =
      { 'a blob': layers[1], 'a manifest below the index': child, 'the index': index }[what] ?? signature
    await damage(damaged, text)
    const { images, totals } = await run({ repair: true, deep: true })
    expect(images[0]).toMatchObject({ status: 'copied' })
    expect(await Array.fromAsync(repository().fetch(damaged))).not.toEqual([])
    expect(totals.sent).toBe(what === 'a blob' ? 1 : 0)
    expect(totals.bytes.sent).toBe(what === 'a blob' ? damaged.size : 0)
    expect((await run({ repair: true, deep: true })).images[0]?.status).toBe('up-to-date')
  })

  it.each<[kind: string, text: string, options: Partial<EngineOptions>]>([
    ['layout', '', { repair: true }],
    ['registry', '', { repair: true }],
    // From here on the server cuts the connection, because it hashes what it sends.
    ['registry', 'tw', { repair: true }],
    ['registry', 'tw', { repair: true, deep: true }],
    ['registry', 'TWO', { repair: true, deep: true }],
  ])('gets a blob back by a repair of a %s that has %j of it, and soon: %j', async (kind, text, options) => {
    const { run, damage, repository, layers, target, events } = await stores()
    await run()
    await damage(layers[1]!, text)
    const server = await createRegistryServer(target).listen('127.0.0.1', 0)
    const remote = await openRemote({
      credentials: { find: async () => undefined },
      onEvent: event => events.push(event),
    })
    const to = kind === 'registry' ? remote.artifact(`127.0.0.1:${server.port}/x/app:1`) : undefined
    const { images, totals } = await run(options, 'app:1', to)
    expect(images[0]).toMatchObject({ status: 'copied' })
    expect(totals.sent).toBe(1)
    expect(events.filter(({ type }) => type === 'retry').length).toBeLessThan(3)
    expect(await Array.fromAsync(repository().fetch(layers[1]!))).not.toEqual([])
    expect((await run(options, 'app:1', to)).images[0]?.status).toBe('up-to-date')
    await remote.close()
    await server.close()
  })

  it.each([true, false])('fails with the step of the operator if wrong bytes stay; deep: %s', async deep => {
    const source = new MemoryStore()
    const image = artifactIn(source, 'app:1')
    const layer = await push(image, 'layer')
    await pack(image, { artifactType: SIGNATURE, layers: [layer] })
    const store = new MemoryStore()
    const target = artifactIn(store, 'x/app:1')
    const { repository } = target.target
    // As CNCF distribution: the file of a digest stays, whatever is deleted and pushed.
    const stubborn = new Proxy(repository, {
      get(_, key) {
        // Without `deep`, the wrong size gives the bytes away.
        if (key === 'exists' && !deep)
          return async (asked: Descriptor) => {
            if (asked.digest === layer.digest) throw new GpregError('size-mismatch', 'another size')
            return repository.exists(asked)
          }
        if (key === 'fetch')
          return (asked: Descriptor) =>
            asked.digest === layer.digest ? verified(wrong(), asked) : repository.fetch(asked)
        const value: unknown = Reflect.get(repository, key)
        return typeof value === 'function' ? value.bind(repository) : value
      },
    })
    const place = { ...target, target: { ...target.target, repository: stubborn } }
    const [engine, context] = [{ ...engineOptions({}), repair: true, deep }, createContext()]
    const run = async () => {
      const plan = await planTransfer([itemOf({ from: image, to: place })], engine, context)
      return executePlan(plan, engine, context)
    }
    for (let times = 0; times < 2; times++) {
      const { images } = await run()
      expect(images[0]).toMatchObject({ status: 'failed', error: { code: 'digest-mismatch' } })
      const hex = layer.digest.slice(7)
      expect(images[0]?.error?.hint).toContain(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`)
    }
  })
})

async function* wrong() {
  yield Buffer.from('LAYER')
}

describe('an image that is named by digest alone', () => {
  it('gets tags for itself and the manifests below it', async () => {
    const { run, repository, index, child } = await stores()
    const name = `app@${index.digest}`
    expect((await run({ digestTags: true }, name)).images[0]?.status).toBe('copied')
    for (const { digest } of [index, child])
      expect((await repository().resolve(digestTag(digest))).digest).toBe(digest)
    expect((await run({ digestTags: true }, name)).images[0]?.status).toBe('up-to-date')
  })

  it('gets its tag later if it was copied without one', async () => {
    const { run, repository, index } = await stores()
    const name = `app@${index.digest}`
    await run({}, name)
    await expect(repository().resolve(digestTag(index.digest))).rejects.toMatchObject({ code: 'not-found' })
    await run({ digestTags: true }, name)
    expect((await repository().resolve(digestTag(index.digest))).digest).toBe(index.digest)
  })

  it('leaves a tag that points at something else', async () => {
    const { run, repository, target, index } = await stores()
    const taken = await pack(artifactIn(target, `x/app:${digestTag(index.digest)}`), {
      artifactType: SIGNATURE,
    })
    expect((await run({ digestTags: true }, `app@${index.digest}`)).images[0]?.status).toBe('copied')
    expect((await repository().resolve(digestTag(index.digest))).digest).toBe(taken.digest)
  })
})

describe('an image that is named by a tag, and by the same tag with a digest', () => {
  it.each([
    ['is copied if the tag points at the digest', '1', 'copied'],
    ['fails if the tag points elsewhere by now', 'child', 'failed'],
  ])('%s', async (_, tagToo, status) => {
    const { source, target, index } = await stores()
    const pair = {
      from: artifactIn(source, `app:1@${index.digest}`),
      to: artifactIn(target, 'x/app:1'),
    }
    const [context, engine] = [createContext(), engineOptions({})]
    const plan = await planTransfer([{ ...itemOf(pair), tagToo }], engine, context)
    expect((await executePlan(plan, engine, context)).images[0]?.status).toBe(status)
  })
})

describe('foreign layers', () => {
  it.each([
    ['stay where their urls say', false],
    ['are taken along if the source has them', true],
  ])('%s', async (_, foreignLayers) => {
    const { source, target, run, events } = await stores()
    const image = artifactIn(source, 'win:1')
    const bytes = 'a layer of Windows'
    const held = await push(image, bytes, { mediaType: MediaType.dockerForeignLayer })
    const absent = { mediaType: MediaType.dockerForeignLayer, digest: digestOf('gone'), size: 4 }
    const layers = [held, absent].map(layer => ({ ...layer, urls: ['https://windows.example/layer'] }))
    await pack(image, { artifactType: SIGNATURE, layers })
    expect((await run({ foreignLayers }, 'win:1')).images[0]?.status).toBe('copied')
    expect(await artifactIn(target, 'x/win:1').target.repository.exists(held)).toBe(foreignLayers)
    const warnings = events.flatMap(event => (event.type === 'warning' ? [event.message] : []))
    expect(warnings.join()).toContain(`${foreignLayers ? 1 : 2} foreign layers`)
    expect(warnings.join()).toContain('windows.example')
  })
})
