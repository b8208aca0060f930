import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { GpregError } from '../../errors.ts'
import type { OciEvent } from '../../events.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { MemoryStore } from '../../store/memory-store.ts'
import type { Repository } from '../../store/content.ts'
import { FaultyRepository, type Faults } from '../../testing/faulty-repository.ts'
import { pushSample, sampleImage, type Sample } from '../../testing/sample-image.ts'
import { executePlan } from '../execute.ts'
import { readGraph } from '../survey/graph.ts'
import type { CopyItem } from '../survey/item.ts'
import { planTransfer } from '../plan.ts'

const COUNT = 3
const SHARDS = [1, 2, 3] as const

/** Nine images in seven repositories. They share layers across repositories, and no shard has all blobs of its images. */
async function release() {
  const [source, target] = [new MemoryStore('source'), new MemoryStore('target')]
  const names = ['a:1', 'b:1', 'b:2', 'c:1', 'd:1', 'e:1', 'e:2', 'f:1', 'g:1']
  const samples = new Map<string, Sample>()
  for (const [index, name] of names.entries()) {
    const sample = sampleImage(['base', `middle ${index % 4} ${'.'.repeat(50 * index)}`, `top of ${name}`])
    const [repository, tag] = name.split(':') as [string, string]
    await pushSample(source.repository(repository), sample, tag)
    samples.set(name, sample)
  }
  const blobs = new Map([...samples.values()].flatMap(({ blobs }) => [...blobs]))
  const unique = [...blobs.values()].reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
  const pushes: Descriptor[] = []

  const items = (faults: Faults): CopyItem[] =>
    names.map(name => {
      const [repository, tag] = name.split(':') as [string, string]
      const onPush = (descriptor: Descriptor) => {
        faults.onPush?.(descriptor)
        if (blobs.has(descriptor.digest)) pushes.push(descriptor)
      }
      return {
        sourceName: `source/${name}`,
        targetName: `target/${name}`,
        source: { store: 'source', repository: source.repository(repository) },
        reference: tag,
        target: {
          store: 'target',
          repository: new FaultyRepository(target.repository(repository), {
            ...faults,
            onPush,
          }) as Repository,
        },
        tag,
      }
    })

  /** Runs one shard. Waits end at once, but let the other shards go on. */
  const run = async (
    index: number,
    {
      faults = {},
      patience = 1e9,
      onEvent = () => {},
      signal = new AbortController().signal,
    }: {
      faults?: Faults
      patience?: number
      onEvent?: (event: OciEvent) => void
      signal?: AbortSignal
    } = {},
  ) => {
    const events: OciEvent[] = []
    const context = createContext({
      signal,
      emit: event => {
        events.push(event)
        onEvent(event)
      },
      sleep: async () => {
        await new Promise(resolve => setImmediate(resolve))
        signal.throwIfAborted()
      },
    })
    const engine = { concurrency: 4, shard: { index, count: COUNT, patience } }
    const plan = await planTransfer(items(faults), engine, context)
    return { plan, events, ...(await executePlan(plan, engine, context)) }
  }

  const expectWhole = async () => {
    for (const [name, sample] of samples) {
      const [repository, tag] = name.split(':') as [string, string]
      const place = target.repository(repository)
      const root = await place.resolve(tag)
      expect(root.digest).toBe(sample.descriptor.digest)
      for (const blob of (await readGraph(place, root)).blobs) expect(await place.exists(blob)).toBe(true)
    }
  }
  return { names, unique, pushes, run, expectWhole }
}

describe('shards', () => {
  it('copy the whole set together: each blob once, each image by one of them', async () => {
    const { run, names, unique, pushes, expectWhole } = await release()
    const results = await Promise.all(SHARDS.map(index => run(index)))
    await expectWhole()
    const published = results.flatMap(({ images }) => images.map(({ item }) => item.targetName))
    expect(published.sort()).toEqual(names.map(name => `target/${name}`))
    expect(results.flatMap(({ images }) => images).every(({ status }) => status === 'copied')).toBe(true)
    expect(results.reduce((sum, { totals }) => sum + totals.bytes.sent, 0)).toBe(unique)
    expect(new Set(pushes.map(({ digest }) => digest)).size).toBe(pushes.length)
    expect(results.map(({ totals }) => totals.takenOver)).toEqual([0, 0, 0])
  })

  it('may run one after the other, if those that are missing are taken over', async () => {
    const { run, unique, expectWhole } = await release()
    const results = []
    for (const index of SHARDS) results.push(await run(index, { patience: 0 }))
    await expectWhole()
    expect(results[0]!.totals.takenOver).toBeGreaterThan(0)
    expect(results[0]!.events).toContainEqual(expect.objectContaining({ code: 'shard-stalled' }))
    expect(results[2]!.totals.takenOver).toBe(0)
    expect(results.reduce((sum, { totals }) => sum + totals.bytes.sent, 0)).toBe(unique)
  })

  it('go on where a killed one is started again, without sending a blob twice', async () => {
    const { run, unique, expectWhole } = await release()
    const abort = new AbortController()
    let sent = 0
    const onEvent = ({ type }: OciEvent) => {
      if (type === 'blob.sent' && ++sent === 2) abort.abort()
    }
    await expect(run(2, { onEvent, signal: abort.signal })).rejects.toMatchObject({ code: 'aborted' })
    const again = await Promise.all([run(1), run(3), run(2)])
    await expectWhole()
    const bytes = again.reduce((sum, { totals }) => sum + totals.bytes.sent, 0)
    expect(bytes).toBeLessThan(unique)
    expect(again.map(({ totals }) => totals.takenOver)).toEqual([0, 0, 0])
  })

  it('find an unchanged set up to date without reading it', async () => {
    const { run } = await release()
    await Promise.all(SHARDS.map(index => run(index)))
    const { plan, images, totals } = await run(1)
    expect(plan.blobs).toEqual([])
    expect(images.every(({ status }) => status === 'up-to-date')).toBe(true)
    expect(totals.bytes.sent).toBe(0)
  })

  it('send a blob again where a mount is refused, and only there', async () => {
    const { run, unique, expectWhole } = await release()
    const results = await Promise.all(SHARDS.map(index => run(index, { faults: { onMount: () => false } })))
    await expectWhole()
    expect(results.reduce((sum, { totals }) => sum + totals.bytes.sent, 0)).toBeGreaterThan(unique)
    expect(results.map(({ totals }) => totals.takenOver)).toEqual([0, 0, 0])
  })

  it('say which part of their share they could not send, and the others send it', async () => {
    const { run, expectWhole } = await release()
    const onPush = () => {
      throw new GpregError('forbidden', 'refused')
    }
    const [first, ...others] = await Promise.all([
      run(1, { faults: { onPush } }),
      run(2, { patience: 0 }),
      run(3, { patience: 0 }),
    ])
    expect(first.events).toContainEqual(expect.objectContaining({ code: 'share-unsent' }))
    for (const { images } of others) expect(images.map(({ status }) => status)).not.toContain('failed')
    await Promise.all(SHARDS.map(index => run(index)))
    await expectWhole()
  })
})
