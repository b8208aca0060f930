import { beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../context.ts'
import { GpregError } from '../errors.ts'
import type { OciEvent } from '../events.ts'
import { isManifestType, MediaType, type Descriptor } from '../model/descriptor.ts'
import { parsePlatform } from '../model/platform.ts'
import type { Budget } from '../store/capabilities.ts'
import { contentFrom, type Call, type Content, type Repository } from '../store/content.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { freshBudget, narrowBudget } from '../testing/budgets.ts'
import { FaultyRepository, type Faults } from '../testing/faulty-repository.ts'
import {
  describe as blobOf,
  pushSample,
  sampleImage,
  sampleIndex,
  type Sample,
} from '../testing/sample-image.ts'
import { executePlan, type CopyOutcome } from './execute.ts'
import { readGraph } from './survey/graph.ts'
import type { CopyItem, EngineOptions } from './survey/item.ts'
import { planTransfer } from './plan.ts'
import { cosignTag } from './survey/referrers.ts'

let source: MemoryStore
let target: MemoryStore
let events: OciEvent[]
let faults: { source: Faults; target: Faults }

beforeEach(() => {
  source = new MemoryStore('source')
  target = new MemoryStore('target')
  events = []
  faults = { source: {}, target: {} }
})

/** A name to copy, `repository:tag`; both sides behave but for the faults of the test. */
function item(name: string, from = name): CopyItem {
  const [repository, tag] = name.split(':') as [string, string]
  const [fromRepository, fromTag] = from.split(':') as [string, string]
  return {
    sourceName: `source/${from}`,
    targetName: `target/${name}`,
    source: {
      store: 'source',
      repository: new FaultyRepository(source.repository(fromRepository), faults.source),
    },
    reference: fromTag,
    target: {
      store: 'target',
      repository: new FaultyRepository(target.repository(repository), faults.target) as Repository,
    },
    ...(tag === undefined ? {} : { tag }),
  }
}

async function copy(
  items: CopyItem[],
  options: Partial<EngineOptions> = {},
  signal = new AbortController().signal,
): Promise<CopyOutcome> {
  const context = createContext({ emit: event => events.push(event), sleep: async () => {}, signal })
  const chosen = { concurrency: 4, ...options }
  return executePlan(await planTransfer(items, chosen, context), chosen, context)
}

async function expectWhole(name: string, sample: Sample): Promise<void> {
  const [repository, tag] = name.split(':') as [string, string]
  const place = target.repository(repository)
  const root = await place.resolve(tag)
  expect(root.digest).toBe(sample.descriptor.digest)
  const graph = await readGraph(place, root)
  for (const blob of graph.blobs) expect(await place.exists(blob)).toBe(true)
}

const networkFailure = () => new GpregError('unreachable', 'cut')
const base = 'a layer that many share'

describe('the budget of a host', () => {
  it('learns from what has a slot of it, and small blobs need none', async () => {
    const large = Buffer.alloc(2 * 1024 * 1024, 'large')
    await pushSample(source.repository('app'), sampleImage([large, 'small']), '1')
    const wanted = item('app:1')
    let [taken, moved] = [0, 0]
    const budget: Budget = {
      limit: 4,
      isFree: true,
      take: () => void taken++,
      release: () => {},
      beginFinishing: () => {},
      endFinishing: () => {},
      moved: bytes => void (moved += bytes),
      onChange: () => () => {},
    }
    Object.assign(wanted.source.repository, { budget: () => budget })
    const { totals } = await copy([wanted])
    expect(totals.sent).toBe(3)
    expect({ taken, moved }).toEqual({ taken: 1, moved: large.byteLength })
  })

  const LARGE = 300_000

  let most: { moving: number; waiting: number }
  let [moving, waiting] = [0, 0]
  beforeEach(() => {
    most = { moving: 0, waiting: 0 }
    moving = waiting = 0
  })

  /** Lets both sides read large blobs in three chunks, and the target wait before it answers the last one. */
  function answerLate({ source, target }: CopyItem, budget: Budget, answer = async () => {}): void {
    for (const { repository } of [source, target]) {
      const fetch = repository.fetch.bind(repository)
      Object.assign(repository, {
        fetch: async function* (...args: Parameters<typeof fetch>) {
          for await (const chunk of fetch(...args))
            for (let start = 0; start < chunk.byteLength; start += LARGE / 3)
              yield chunk.subarray(start, start + LARGE / 3)
        },
      })
    }
    const push = target.repository.push.bind(target.repository)
    Object.assign(target.repository, {
      budget: () => budget,
      push: async (descriptor: Descriptor, content: Content, call: Call) => {
        if (descriptor.size < LARGE) return push(descriptor, content, call)
        const chunks: Uint8Array[] = []
        for await (const chunk of content.open({ signal: call.signal! })) {
          if (chunks.push(chunk) === 1) most.moving = Math.max(most.moving, ++moving)
          if (chunks.length === 3) moving--
          await new Promise(resolve => setImmediate(resolve))
        }
        most.waiting = Math.max(most.waiting, ++waiting)
        await answer()
        waiting--
        await push(descriptor, contentFrom(Buffer.concat(chunks)), call)
      },
    })
  }

  const image = sampleImage(Array.from({ length: 6 }, (_, nth) => Buffer.alloc(LARGE, `layer ${nth}`)))

  async function copySlowly(answer: () => Promise<void>, options: Partial<EngineOptions> = {}) {
    await pushSample(source.repository('app'), image, '1')
    const wanted = item('app:1')
    answerLate(wanted, narrowBudget(), answer)
    const { images } = await copy([wanted], options)
    expect(images[0]?.status).toBe('copied')
    await expectWhole('app:1', image)
  }

  it('has room for the next blob while the target only has to answer the last byte of one', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await copySlowly(() => {
      if (waiting === 5) resolve()
      return promise
    })
    expect(most).toEqual({ moving: 1, waiting: 5 })
  })

  it('has no room for it while a blob is to be read back', async () => {
    await copySlowly(() => new Promise(resolve => setImmediate(resolve)), { deep: true })
    expect(most).toEqual({ moving: 1, waiting: 1 })
  })

  it('has room again for a blob that the target refused after its last byte', async () => {
    let refusals = 3
    await copySlowly(async () => {
      if (refusals-- <= 0) return
      waiting--
      throw new GpregError('server-error', 'no room', { side: 'target' })
    })
    expect(refusals).toBeLessThan(0)
    expect(most.moving).toBe(1)
  })

  it('is kept by blobs that the target does not mount', async () => {
    faults.target.onMount = () => false
    const budget = freshBudget(2)
    const items = Array.from({ length: 12 }, (_, nth) => item(`app-${nth}:1`))
    for (const [nth, wanted] of items.entries()) {
      await pushSample(source.repository(`app-${nth}`), image, '1')
      answerLate(wanted, budget)
    }
    const { totals } = await copy(items)
    expect(totals.mounted).toBe(0)
    expect(most.moving).toBe(2)
    await expectWhole('app-11:1', image)
  })
})

describe('a source that gives what a name stands for in one request', () => {
  it('is asked once where the target lacks the name, and for the digest alone where it has it', async () => {
    const image = sampleImage([base])
    for (const tag of ['old', 'new']) await pushSample(source.repository('app'), image, tag)
    await copy([item('app:old')])
    const asked: string[] = []
    faults.source.onFetch = ({ mediaType }) => void asked.push(`fetch ${mediaType}`)
    const items = ['app:old', 'app:new'].map(name => item(name))
    const repository = source.repository('app')
    const { manifests } = await readGraph(repository, image.descriptor)
    for (const { source: place } of items) {
      Object.assign(place.repository, {
        resolve: (tag: string) => (asked.push(`resolve ${tag}`), repository.resolve(tag)),
        readNamed: async (tag: string) => (asked.push(`read ${tag}`), manifests[0]),
      })
    }
    const { images } = await copy(items, { referrers: false })
    expect(images.map(({ status }) => status)).toEqual(['up-to-date', 'copied'])
    expect(asked.sort()).toEqual(['read new', 'resolve old'])
    await expectWhole('app:new', image)
  })
})

describe('a repository that its registry does not know', () => {
  /** Knows a repository by its tags, as registries do. */
  function wantedIn(name: string, asked: string[], from = name): CopyItem {
    const wanted = item(name, from)
    const repository = target.repository(wanted.target.repository.name)
    faults.target.claims = ({ digest }) => void asked.push(digest)
    Object.assign(wanted.target.repository, { isEmpty: async () => !repository.hasTags() })
    return wanted
  }

  it('is not asked for each blob, and what is there all the same is not read', async () => {
    const image = sampleImage([base, 'its own'])
    await pushSample(source.repository('app'), image, '1')
    const [there] = image.blobs.values()
    await target.repository('app').push(there!.descriptor, contentFrom(there!.bytes))
    const asked: string[] = []
    const { totals } = await copy([wantedIn('app:1', asked)], { newRepositories: 'none' })
    expect(asked).toEqual([])
    expect(totals).toMatchObject({ present: 1, sent: 2, bytes: { present: there!.descriptor.size } })
    expect(events.filter(({ type }) => type === 'blob.present')).toHaveLength(1)
    await expectWhole('app:1', image)
  })

  it('is not asked for names either, once the target seems to be empty', async () => {
    await pushSample(source.repository('app'), sampleImage([base]), '1')
    const asked: string[] = []
    const wanted = Array.from({ length: 40 }, (_, index) => {
      const one = wantedIn(`app${index}:1`, [], 'app:1')
      const { repository } = one.target
      const resolve = repository.resolve.bind(repository)
      Object.assign(repository, { resolve: (tag: string) => (asked.push(tag), resolve(tag)) })
      return one
    })
    const { images } = await copy(wanted, { newRepositories: 'none' })
    expect(new Set(images.map(({ status }) => status))).toEqual(new Set(['copied']))
    expect(asked.splice(0).length).toBeLessThan(20)
    const again = await copy(wanted, { newRepositories: 'none' })
    expect(new Set(again.images.map(({ status }) => status))).toEqual(new Set(['up-to-date']))
    expect(asked).toHaveLength(40)
  })

  it('is asked where the plan has to be exact, or where another tag is there', async () => {
    for (const tag of ['1', '2']) await pushSample(source.repository('app'), sampleImage([base, tag]), tag)
    const asked: string[] = []
    const context = createContext()
    await planTransfer([wantedIn('app:1', asked)], { concurrency: 1 }, context)
    expect(asked.splice(0)).toHaveLength(3)
    await copy([wantedIn('app:1', asked)], { newRepositories: 'none' })
    expect(asked).toEqual([])
    const { totals } = await copy([wantedIn('app:2', asked)], { newRepositories: 'none' })
    expect(asked).toHaveLength(3)
    expect(totals).toMatchObject({ present: 2, sent: 1 })
  })
})

describe('each unique blob crosses the line once', () => {
  it('however many images share it; other repositories mount it', async () => {
    const fetched: string[] = []
    faults.source.onFetch = ({ digest, mediaType }) =>
      void (isManifestType(mediaType) || fetched.push(digest))
    const names = ['a:1', 'b:1', 'c:1', 'c:2']
    for (const name of names) {
      const [repository, tag] = name.split(':') as [string, string]
      await pushSample(source.repository(repository), sampleImage([base, name]), tag)
    }
    const { images, totals } = await copy(names.map(name => item(name)))
    expect(images.map(({ status }) => status)).toEqual(['copied', 'copied', 'copied', 'copied'])
    expect(new Set(fetched).size).toBe(fetched.length)
    // 4 own layers, the shared one, one config that all have in common
    expect(totals).toMatchObject({ sent: 6, mounted: 4 })
  })

  it('and where mounting is refused, what is already in the target is read from there', async () => {
    const fetched: string[] = []
    faults.source.onFetch = ({ digest, mediaType }) =>
      void (isManifestType(mediaType) || fetched.push(digest))
    faults.target.onMount = () => false
    for (const repository of ['a', 'b'])
      await pushSample(source.repository(repository), sampleImage([base]), '1')
    await copy([item('a:1'), item('b:1')])
    expect(new Set(fetched).size).toBe(fetched.length)
    await expectWhole('b:1', sampleImage([base]))
  })

  it.each(['forbidden', 'not-found', 'server-error', 'digest-mismatch'] as const)(
    'but from the source where the target answers %s',
    async code => {
      faults.target.onMount = () => false
      faults.target.onFetch = ({ mediaType }) => {
        if (!isManifestType(mediaType)) throw new GpregError(code, 'no reading', { side: 'target' })
      }
      for (const repository of ['a', 'b'])
        await pushSample(source.repository(repository), sampleImage([base]), '1')
      const { images } = await copy([item('a:1'), item('b:1')])
      expect(images.map(({ status }) => status)).toEqual(['copied', 'copied'])
      await expectWhole('b:1', sampleImage([base]))
    },
  )

  it('and what any repository of the target has is mounted from there', async () => {
    await pushSample(source.repository('new'), sampleImage([base]), '1')
    const { descriptor, bytes } = blobOf(base, MediaType.ociLayerGzip)
    await target.repository('new').push(descriptor, {
      open: async function* () {
        yield bytes
      },
    })
    await pushSample(source.repository('other'), sampleImage([base]), '1')
    const { totals } = await copy([item('new:1'), item('other:1')])
    expect(totals.present).toBe(1)
    expect(totals.mounted).toBe(2)
  })
})

describe('a tag says that an image is whole', () => {
  it('so children come before parents and the tag last', async () => {
    const order: string[] = []
    faults.target.onPush = ({ mediaType }) => void order.push(isManifestType(mediaType) ? 'manifest' : 'blob')
    faults.target.onTag = () => void order.push('tag')
    await pushSample(
      source.repository('a'),
      sampleIndex({ amd64: sampleImage(['x']), arm64: sampleImage(['y']) }),
      '1',
    )
    await copy([item('a:1')])
    expect(order.lastIndexOf('blob')).toBeLessThan(order.indexOf('manifest'))
    expect(order.at(-1)).toBe('tag')
  })

  it('so the same digest under the tag is up to date', async () => {
    await pushSample(source.repository('a'), sampleImage(['x']), '1')
    await copy([item('a:1')])
    faults.source.onFetch = () => {
      throw new GpregError('bug', 'nothing needs to be read')
    }
    expect((await copy([item('a:1')])).images[0]).toMatchObject({ status: 'up-to-date' })
  })

  it('but a digest without its tag proves nothing', async () => {
    const image = sampleImage(['x', 'y'])
    await pushSample(source.repository('a'), image, '1')
    await pushSample(target.repository('a'), image)
    await target.repository('a').delete([...image.blobs.values()].at(-1)!.descriptor)
    expect((await copy([item('a:1')])).images[0]).toMatchObject({ status: 'copied' })
    await expectWhole('a:1', image)
  })

  it('and a moved tag is copied again', async () => {
    await pushSample(source.repository('a'), sampleImage(['old']), '1')
    await copy([item('a:1')])
    await pushSample(source.repository('a'), sampleImage(['new']), '1')
    await copy([item('a:1')])
    await expectWhole('a:1', sampleImage(['new']))
  })

  it('while a name without a tag is up to date when all below it is there', async () => {
    const image = sampleImage(['x'])
    await pushSample(source.repository('a'), image)
    const pinned = { ...item('a', `a:${image.descriptor.digest}`), reference: image.descriptor.digest }
    expect((await copy([pinned])).images[0]).toMatchObject({ status: 'copied' })
    expect((await copy([pinned])).images[0]).toMatchObject({ status: 'up-to-date' })
  })
})

describe('failures', () => {
  it('of a registry that claims to have a layer have it sent once, however many images miss it', async () => {
    const names = ['app:1', 'app:2', 'app:3']
    for (const name of names)
      await pushSample(source.repository('app'), sampleImage([base, name]), name.slice(4))
    const layer = blobOf(base, MediaType.ociLayerGzip).descriptor
    let sent = 0
    faults.target = {
      claims: ({ digest }) => (digest === layer.digest && sent === 0 ? true : undefined),
      onPush: ({ digest }) => void (digest === layer.digest && sent++),
      onTag: () => {
        if (sent === 0) throw new GpregError('blob-unknown', 'a layer is missing', { side: 'target' })
      },
    }
    const { images } = await copy(names.map(name => item(name)))
    expect(images.map(({ status }) => status)).toEqual(['copied', 'copied', 'copied'])
    expect(sent).toBe(1)
  })

  it('of one image do not stop the others, and all are told with side and reference', async () => {
    await pushSample(source.repository('good'), sampleImage(['x']), '1')
    const { images } = await copy([item('absent:1'), item('good:1'), item('gone:1')])
    expect(images.map(({ status }) => status)).toEqual(['failed', 'copied', 'failed'])
    expect(images[0]!.error).toMatchObject({
      code: 'not-found',
      subject: { side: 'source', reference: 'source/absent:1' },
    })
    expect(events.filter(({ type }) => type === 'image.failed')).toHaveLength(2)
  })

  it('of a blob fail every image that needs it, and write none of their tags', async () => {
    for (const name of ['a', 'b']) await pushSample(source.repository(name), sampleImage([base, name]), '1')
    faults.target.onPush = ({ size }) => {
      if (size === base.length) throw new GpregError('forbidden', 'no')
    }
    const { images } = await copy([item('a:1'), item('b:1')])
    expect(images.map(({ status }) => status)).toEqual(['failed', 'failed'])
    await expect(target.repository('a').resolve('1')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('of a disk that is read fail that blob, and of one that is written the rest', async () => {
    const [bad, good] = [3, 2].map(mebibytes => Buffer.alloc(mebibytes * 1024 * 1024, 'layer')) as [
      Buffer,
      Buffer,
    ]
    await pushSample(source.repository('bad'), sampleImage([bad]), '1')
    await pushSample(source.repository('good'), sampleImage([good]), '1')
    const ofDisk = ({ size }: Descriptor) => {
      if (size === bad.length) throw new GpregError('storage', 'cannot use it')
    }
    const statuses = async () => {
      const { images } = await copy([item('bad:1'), item('good:1')], { concurrency: 1 })
      return images.map(({ status }) => status)
    }
    faults = { source: {}, target: { onPush: ofDisk } }
    expect(await statuses()).toEqual(['failed', 'failed'])
    faults = { source: { onFetch: ofDisk }, target: {} }
    expect(await statuses()).toEqual(['failed', 'copied'])
  })

  it('that pass are tried again', async () => {
    await pushSample(source.repository('a'), sampleImage(['x']), '1')
    let failures = 2
    faults.target.onPush = ({ mediaType }) => {
      if (!isManifestType(mediaType) && failures-- > 0) throw networkFailure()
    }
    expect((await copy([item('a:1')])).images[0]).toMatchObject({ status: 'copied' })
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(2)
  })

  it('in a row make the rest brief', async () => {
    const layers = Array.from({ length: 20 }, (_, index) => `layer ${index}`)
    await pushSample(source.repository('a'), sampleImage(layers), '1')
    let tries = 0
    faults.target.onPush = () => {
      tries++
      throw networkFailure()
    }
    await copy([item('a:1')], { concurrency: 1 })
    // Eight are under way when the first gives up after its fourth try.
    expect(tries).toBeLessThan(21 + 8 * 4)
  })

  it('of a registry that said it had a blob are healed once', async () => {
    const image = sampleImage(['claimed', 'x'])
    await pushSample(source.repository('a'), image, '1')
    let honest = false
    faults.target.claims = ({ size }: Descriptor) => (size === 'claimed'.length && !honest ? true : undefined)
    faults.target.onTag = () => void (honest = true)
    expect((await copy([item('a:1')])).images[0]).toMatchObject({ status: 'copied' })
    await expectWhole('a:1', image)
  })

  it('by abort end all work, and leave no tag', async () => {
    await pushSample(source.repository('a'), sampleImage(['x', 'y', 'z']), '1')
    const abort = new AbortController()
    faults.source.onFetch = ({ mediaType }) => {
      if (!isManifestType(mediaType)) abort.abort()
    }
    await expect(copy([item('a:1')], { concurrency: 1 }, abort.signal)).rejects.toMatchObject({
      code: 'aborted',
    })
    await expect(target.repository('a').resolve('1')).rejects.toMatchObject({ code: 'not-found' })
  })
})

it.each([undefined, 'enough', new DOMException('too late', 'TimeoutError')])(
  'a plan ends by an abort with the reason %s, and gives no images that failed',
  async reason => {
    await pushSample(source.repository('a'), sampleImage(['x']), '1')
    const wanted = { ...item('a:1'), source: { store: 'source', repository: source.repository('a') } }
    const context = createContext({ signal: AbortSignal.abort(reason) })
    await expect(planTransfer([wanted], { concurrency: 1 }, context)).rejects.toMatchObject({
      code: 'aborted',
    })
  },
)

describe('signatures and referrers', () => {
  async function signed() {
    const child = sampleImage(['amd64 layer'])
    const index = sampleIndex({
      amd64: child,
      arm64: sampleImage(['arm64 layer'], { architecture: 'arm64' }),
    })
    const repository = source.repository('a')
    await pushSample(repository, index, '1')
    const sbom = sampleImage(['sbom'], { subject: index.descriptor, artifactType: 'application/spdx+json' })
    const sbomSignature = sampleImage(['signature of the sbom'], { subject: sbom.descriptor })
    const childSignature = sampleImage(['signature of a child'])
    await pushSample(repository, sbom)
    await pushSample(repository, sbomSignature)
    await pushSample(repository, childSignature, cosignTag(child.descriptor.digest, 'sig'))
    return { index, child, sbom, sbomSignature, childSignature }
  }

  it('come along, those of children and of referrers too', async () => {
    const { index, child, sbom, sbomSignature, childSignature } = await signed()
    await copy([item('a:1')])
    const place = target.repository('a')
    expect(await place.referrers(index.descriptor.digest)).toMatchObject([{ digest: sbom.descriptor.digest }])
    expect(await place.referrers(sbom.descriptor.digest)).toMatchObject([
      { digest: sbomSignature.descriptor.digest },
    ])
    expect((await place.resolve(cosignTag(child.descriptor.digest, 'sig'))).digest).toBe(
      childSignature.descriptor.digest,
    )
  })

  it('are there before the tag that says the image is whole, and after what they speak about', async () => {
    const { index, sbom } = await signed()
    const order: string[] = []
    faults.target.onPush = ({ digest }) => void order.push(digest)
    faults.target.onTag = tag => void order.push(tag)
    await copy([item('a:1')])
    expect(order.indexOf(index.descriptor.digest)).toBeLessThan(order.indexOf(sbom.descriptor.digest))
    expect(order.at(-1)).toBe('1')
  })

  it('stay behind on request', async () => {
    const { index } = await signed()
    await copy([item('a:1')], { referrers: false })
    expect(await target.repository('a').referrers(index.descriptor.digest)).toEqual([])
  })

  it('that are new are found on an image that is up to date, when asked for', async () => {
    const image = sampleImage(['x'])
    await pushSample(source.repository('a'), image, '1')
    await copy([item('a:1')])
    const late = sampleImage(['late'], { subject: image.descriptor })
    await pushSample(source.repository('a'), late)
    expect((await copy([item('a:1')])).images[0]!.status).toBe('up-to-date')
    expect((await copy([item('a:1')], { refreshReferrers: true })).images[0]!.status).toBe('copied')
    expect(await target.repository('a').referrers(image.descriptor.digest)).toHaveLength(1)
    expect((await copy([item('a:1')], { refreshReferrers: true })).images[0]!.status).toBe('up-to-date')
  })
})

describe('a platform filter', () => {
  const amd64 = { platforms: [parsePlatform('linux/amd64')] }
  const index = () =>
    sampleIndex({ amd64: sampleImage(['x']), arm64: sampleImage(['y'], { architecture: 'arm64' }) })

  it('announces the new digest, and is up to date the next time', async () => {
    await pushSample(source.repository('a'), index(), '1')
    const { images } = await copy([item('a:1')], amd64)
    expect(images[0]!.digest).not.toBe(index().descriptor.digest)
    const warning = events.find(event => event.type === 'warning' && event.code === 'platform-filtered')
    expect(warning).toHaveProperty('message', expect.stringContaining(index().descriptor.digest))
    expect(warning).toHaveProperty('message', expect.stringContaining(images[0]!.digest!))
    expect((await copy([item('a:1')], amd64)).images[0]!.status).toBe('up-to-date')
  })

  it('refuses a reference that is pinned to the index', async () => {
    await pushSample(source.repository('a'), index(), '1')
    const pinned = { ...item('a:1'), reference: index().descriptor.digest }
    expect((await copy([pinned], amd64)).images[0]).toMatchObject({
      status: 'failed',
      error: { code: 'platform-refused' },
    })
  })

  it('refuses what would be empty, and says what there is', async () => {
    await pushSample(source.repository('a'), index(), '1')
    const { images } = await copy([item('a:1')], { platforms: [parsePlatform('linux/s390x')] })
    expect(images[0]!.error).toMatchObject({
      code: 'platform-refused',
      hint: expect.stringContaining('linux/arm64'),
    })
  })

  it('leaves alone what has nothing to filter', async () => {
    const image = sampleImage(['x'])
    await pushSample(source.repository('a'), image, '1')
    expect((await copy([item('a:1')], amd64)).images[0]!.digest).toBe(image.descriptor.digest)
  })
})

it('copies an image with foreign layers without them, and says so', async () => {
  const foreign = {
    mediaType: MediaType.dockerForeignLayer,
    digest: blobOf('far away', '').descriptor.digest,
    size: 8,
    urls: ['https://example.com/x'],
  }
  const own = sampleImage(['own'])
  const document = JSON.parse(own.bytes.toString()) as { layers: unknown[] }
  const manifest = blobOf(
    JSON.stringify({ ...document, layers: [foreign, ...document.layers] }),
    MediaType.ociManifest,
  )
  await pushSample(source.repository('a'), { ...own, ...manifest }, '1')
  expect((await copy([item('a:1')])).images[0]!.status).toBe('copied')
  expect(events).toContainEqual(expect.objectContaining({ type: 'warning', code: 'foreign-layer' }))
})
