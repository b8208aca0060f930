import { describe, expect, it } from 'vitest'
import { pack } from '../../artifact/pack.ts'
import { push } from '../../artifact/push.ts'
import { createContext } from '../../context.ts'
import { openRemote } from '../../remote/remote.ts'
import { artifactIn } from '../../store/artifact.ts'
import { oddRegistry } from '../../testing/odd-registry.ts'
import { refusing } from '../../testing/oddities.ts'
import { pushSample, sampleImage, sampleIndex } from '../../testing/sample-image.ts'
import { engineOptions, itemOf } from '../copy.ts'
import { executePlan } from '../execute.ts'
import type { EngineOptions } from '../survey/item.ts'
import { planTransfer } from '../plan.ts'
import { SettledImages } from './settled-images.ts'

const HOUR = 60 * 60_000

/** Two registries, and copies from one to the other that remember, with a clock that stands still. */
async function rounds() {
  const [source, target] = [await oddRegistry(), await oddRegistry()]
  const remote = await openRemote({ credentials: { find: async () => undefined } })
  let elapsed = 0
  const context = createContext({ elapsed: () => elapsed })
  const settled = new SettledImages(context, HOUR)
  const warnings: string[] = []
  return {
    source,
    target,
    warnings,
    pass: (milliseconds: number) => void (elapsed += milliseconds),
    /** Copies, and says the status of each image and the requests that each side got. */
    async copy(names: readonly string[], more: Partial<EngineOptions> = {}) {
      const seen = [source.seen.length, target.seen.length] as const
      const options = { ...engineOptions({}), settled, ...more }
      const items = names.map(name =>
        itemOf({
          from: remote.artifact(`${source.host}/${name}`),
          to: remote.artifact(`${target.host}/x/${name.replace(/@.*/, '')}`),
        }),
      )
      const noting = createContext({
        elapsed: () => elapsed,
        emit: event => void (event.type === 'warning' && warnings.push(event.code)),
      })
      const { images } = await executePlan(await planTransfer(items, options, noting), options, noting)
      return {
        status: images.map(({ status }) => status),
        asked: [source.seen.length - seen[0], target.seen.length - seen[1]],
        methods: source.seen.slice(seen[0]).map(({ method }) => method),
      }
    },
    async [Symbol.asyncDispose]() {
      await remote.close()
      await source[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
    },
  }
}

type World = Awaited<ReturnType<typeof rounds>>

async function publish({ source }: World, name: string, text = name) {
  const image = artifactIn(source.store, name)
  return pack(image, { artifactType: 'text/plain', layers: [await push(image, text)] })
}

describe('an image that an earlier copy left at the target', () => {
  it('costs one request at its source, and none at the target', async () => {
    await using world = await rounds()
    for (const name of ['a:1', 'b:1', 'c:1']) await publish(world, name)
    expect((await world.copy(['a:1', 'b:1', 'c:1'])).status).toEqual(['copied', 'copied', 'copied'])
    const { status, asked, methods } = await world.copy(['a:1', 'b:1', 'c:1'])
    expect(status).toEqual(['up-to-date', 'up-to-date', 'up-to-date'])
    expect(asked).toEqual([3, 0])
    expect(methods).toEqual(['HEAD', 'HEAD', 'HEAD'])
  })

  it('costs none if it is named by its digest', async () => {
    await using world = await rounds()
    const { digest } = await publish(world, 'a:1')
    await world.copy([`a@${digest}`])
    expect(await world.copy([`a@${digest}`])).toMatchObject({ status: ['up-to-date'], asked: [0, 0] })
  })

  it('costs one request with a platform filter, too, and is warned of once', async () => {
    await using world = await rounds()
    const index = sampleIndex({
      amd64: sampleImage(['a']),
      arm64: sampleImage(['b'], { architecture: 'arm64' }),
    })
    await pushSample(world.source.store.repository('multi'), index, '1')
    const platforms = [{ os: 'linux', architecture: 'amd64' }]
    expect((await world.copy(['multi:1'], { platforms })).status).toEqual(['copied'])
    expect(await world.copy(['multi:1'], { platforms })).toMatchObject({
      status: ['up-to-date'],
      asked: [1, 0],
    })
    expect(world.warnings).toEqual(['platform-filtered'])
  })

  it('is copied if the tag moves at its source', async () => {
    await using world = await rounds()
    await publish(world, 'a:1')
    await world.copy(['a:1'])
    const { digest } = await publish(world, 'a:1', 'the next night')
    expect((await world.copy(['a:1'])).status).toEqual(['copied'])
    expect((await world.target.store.repository('x/a').resolve('1')).digest).toBe(digest)
    expect((await world.copy(['a:1'])).asked).toEqual([1, 0])
  })

  it('is looked for at the target again after an hour, or if a copy repairs', async () => {
    await using world = await rounds()
    await publish(world, 'a:1')
    await world.copy(['a:1'])
    world.pass(HOUR - 1)
    expect((await world.copy(['a:1'])).asked).toEqual([1, 0])
    world.pass(1)
    expect((await world.copy(['a:1'])).asked).toEqual([1, 1])
    expect((await world.copy(['a:1'])).asked).toEqual([1, 0])
    expect((await world.copy(['a:1'], { repair: true })).asked[1]).toBeGreaterThan(0)
  })

  it('is not trusted if the copy failed, or left it out', async () => {
    await using world = await rounds()
    for (const name of ['a:1', 'b:1']) await publish(world, name)
    world.target.oddities.push(refusing('PUT', /\/x\/a\/manifests\//, 403))
    expect((await world.copy(['a:1', 'b:1'])).status).toEqual(['failed', 'copied'])
    world.target.oddities.length = 0
    expect(await world.copy(['a:1'])).toMatchObject({ status: ['copied'] })
    expect((await world.copy(['b:1'])).asked[1]).toBeGreaterThan(0)
  })

  it('is not trusted if its source did not tell all signatures', async () => {
    await using world = await rounds()
    await publish(world, 'a:1')
    world.source.oddities.push(refusing('GET', /\/referrers\//, 403))
    expect((await world.copy(['a:1'])).status).toEqual(['copied'])
    expect((await world.copy(['a:1'])).asked[1]).toBeGreaterThan(0)
  })
})
