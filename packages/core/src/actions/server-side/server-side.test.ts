import { artifactIn, attach, copy, GpregError, isGpregError, parseReference, push } from '@gpreg/oci'
import { createRegistries } from '@gpreg/oci/engine'
import { oddRegistry, pushSample, sampleImage, sampleIndex } from '@gpreg/oci/testing'
import { expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { GpregEvent } from '../../events.ts'
import type { ImageEntry } from '../../gitpod/image-set.ts'
import type { ImageImport } from '../../registry/importer.ts'
import { mirrorServerSide } from './mirror-server-side.ts'

const index = sampleIndex({ amd64: sampleImage(['one', 'two']), arm64: sampleImage(['one', 'three']) })
const other = sampleImage(['other'])

/** A source and a target registry. The target fetches images from the source by itself, unless `fetch` does otherwise. */
async function open() {
  await using stack = new AsyncDisposableStack()
  const [from, to] = [stack.use(await oddRegistry()), stack.use(await oddRegistry())]
  await pushSample(from.store.repository('app'), index, '1')
  await pushSample(from.store.repository('other'), other, '1')
  const events: GpregEvent[] = []
  const context = createContext({ emit: event => events.push(event), sleep: async () => {} })
  const registries = await createRegistries({ env: {} }, context)
  stack.defer(() => registries.close())
  const asked: ImageImport[] = []
  const fetch = async ({ source, target }: ImageImport) => {
    const [name, into] = [`${source.repository}@${source.digest}`, target.tag ?? source.digest]
    const wanted = artifactIn(to.store, `${target.repository}${target.tag ? ':' : '@'}${into}`)
    await copy(artifactIn(from.store, name), wanted, { referrers: false })
  }
  let act: (image: ImageImport) => Promise<void> = fetch
  const importer = {
    async import(image: ImageImport) {
      asked.push(image)
      await act(image)
    },
  }
  const entry = (name: string, target = `x/${name}`): ImageEntry => ({
    source: parseReference(`${from.host}/${name}`),
    target: parseReference(`${to.host}/${target}`),
    purpose: 'components',
    origins: [],
  })
  const mirror = (entries: readonly ImageEntry[], options = {}) =>
    mirrorServerSide({ images: entries, excluded: [] }, registries, { ...options, importer }, context)
  const running = stack.move()
  return {
    ...{ from, to, events, asked, fetch, entry, mirror },
    answer: (next: typeof act) => void (act = next),
    warnings: () => events.filter(event => event.type === 'warning'),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

it('the registry fetches what it lacks, by digest, and no byte is sent', async () => {
  await using run = await open()
  const digest = index.descriptor.digest
  const { images, totals } = await run.mirror([run.entry('app:1'), run.entry('other:1')])
  expect(images.map(({ status, via }) => `${status} ${via}`)).toEqual(Array(2).fill('copied server-side'))
  expect(totals).toMatchObject({ copied: 2, upToDate: 0, failed: 0, serverSide: 2, bytes: { sent: 0 } })
  expect(run.asked[0]).toEqual({
    source: { host: run.from.host, repository: 'app', digest },
    target: { repository: 'x/app', tag: '1' },
  })
  expect((await run.to.store.repository('x/app').resolve('1')).digest).toBe(digest)
  expect(run.events.filter(({ type }) => type === 'image.copied')).toHaveLength(2)
  expect(run.events.filter(({ type }) => type === 'image.up-to-date')).toEqual([])

  const again = await run.mirror([run.entry('app:1'), run.entry('other:1')])
  expect(again.totals).toMatchObject({ copied: 0, upToDate: 2, serverSide: 0 })
  expect(again.images.every(({ via }) => via === undefined)).toBe(true)
  expect(run.asked).toHaveLength(2)
})

it('what the registry does not fetch is copied, with the reason in the row and in a warning', async () => {
  await using run = await open()
  run.answer(async image => {
    if (image.source.repository === 'other')
      throw new GpregError('server-error', 'no such source', { hint: 'h' })
    await run.fetch(image)
  })
  const { images, totals } = await run.mirror([run.entry('app:1'), run.entry('other:1')])
  expect(images).toMatchObject([
    { status: 'copied', via: 'server-side' },
    {
      status: 'copied',
      via: 'line',
      notServerSide: { code: 'server-error', message: 'no such source', hint: 'h' },
    },
  ])
  expect(totals).toMatchObject({ copied: 2, serverSide: 1, blobs: { sent: 2 } })
  expect(run.warnings()).toMatchObject([
    { code: 'not-server-side', message: expect.stringContaining('no such source') },
  ])
})

it.each(['a layer', 'a child', 'the tag', 'everything'])(
  'a registry that says it has an image, but lacks %s, is not believed',
  async what => {
    await using run = await open()
    const child = index.children[1]!
    run.answer(async image => {
      const repository = run.to.store.repository(image.target.repository)
      if (what === 'everything') return
      await run.fetch({
        ...image,
        ...(what === 'the tag' ? { target: { repository: image.target.repository } } : {}),
      })
      const layer = [...child.blobs.values()].at(-1)!.descriptor
      const lost = { 'a layer': layer, 'a child': child.descriptor }[what]
      if (lost !== undefined) await repository.delete(lost)
    })
    const { images, totals } = await run.mirror([run.entry('app:1')])
    expect(images).toMatchObject([{ status: 'copied', via: 'line', notServerSide: { code: 'not-found' } }])
    expect(totals.serverSide).toBe(0)
    expect(run.warnings()).toHaveLength(1)
    const { repository } = artifactIn(run.to.store, 'x/app:1').target
    for (const { descriptor, blobs } of index.children)
      for (const one of [descriptor, ...[...blobs.values()].map(blob => blob.descriptor)])
        expect(await repository.exists(one)).toBe(true)
  },
)

it('a refused login ends the run before anything is copied', async () => {
  await using run = await open()
  run.answer(async () => {
    throw new GpregError('forbidden', 'no permission')
  })
  const entries = Array.from({ length: 20 }, (_, at) => run.entry('app:1', `x/${at}:1`))
  const error = await run.mirror(entries).catch((thrown: unknown) => thrown)
  expect(isGpregError(error, 'forbidden')).toBe(true)
  expect(run.asked.length).toBeLessThanOrEqual(8)
  expect(run.to.seen.filter(({ method }) => method !== 'HEAD' && method !== 'GET')).toEqual([])
})

it('a tag that points elsewhere is moved by the copy, and the content still comes from the registry', async () => {
  await using run = await open()
  await pushSample(run.to.store.repository('x/app'), other, '1')
  const { images, totals } = await run.mirror([run.entry('app:1')])
  expect(run.asked[0]?.target).toEqual({ repository: 'x/app' })
  expect(images).toMatchObject([{ status: 'copied', via: 'server-side' }])
  expect(totals.bytes.sent).toBe(0)
  expect((await run.to.store.repository('x/app').resolve('1')).digest).toBe(index.descriptor.digest)
})

it('an image named by digest is fetched without a tag', async () => {
  await using run = await open()
  const name = `app@${index.descriptor.digest}`
  const { totals } = await run.mirror([run.entry(name)])
  expect(run.asked[0]?.target).toEqual({ repository: 'x/app' })
  expect(totals).toMatchObject({ copied: 1, serverSide: 1, bytes: { sent: 0 } })
})

it('signatures come along over this line', async () => {
  await using run = await open()
  const app = artifactIn(run.from.store, 'app:1')
  const signature = await attach(app, { artifactType: 'x/signature', layers: [await push(app, 'signed')] })
  const { images, totals } = await run.mirror([run.entry('app:1')])
  expect(images).toMatchObject([{ status: 'copied', via: 'server-side' }])
  expect(totals.bytes.sent).toBe('signed{}'.length)
  expect(await run.to.store.repository('x/app').exists(signature)).toBe(true)
})

it('a platform filter is not for the registry', async () => {
  await using run = await open()
  const { images } = await run.mirror([run.entry('app:1')], {
    platforms: [{ os: 'linux', architecture: 'amd64' }],
  })
  expect(run.asked).toEqual([])
  expect(images).toMatchObject([{ via: 'line', notServerSide: { code: 'platform-refused' } }])
})

it('a source that is not there fails as in every run', async () => {
  await using run = await open()
  const { images } = await run.mirror([run.entry('absent:1')])
  expect(run.asked).toEqual([])
  expect(images).toMatchObject([{ status: 'failed', error: { code: 'not-found' } }])
})

it('a registry whose answer is lost, but that has the image, is believed', async () => {
  await using run = await open()
  run.answer(async image => {
    await run.fetch(image)
    throw new GpregError('unreachable', 'reset')
  })
  const { images } = await run.mirror([run.entry('app:1')])
  expect(images).toMatchObject([{ status: 'copied', via: 'server-side' }])
  expect(run.warnings()).toEqual([])
})
