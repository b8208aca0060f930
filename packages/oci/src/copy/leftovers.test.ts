import { beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../context.ts'
import { contentFrom, type Repository } from '../store/content.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { FaultyRepository, type Faults } from '../testing/faulty-repository.ts'
import { pushSample, sampleImage, type Sample } from '../testing/sample-image.ts'
import { executePlan } from './execute.ts'
import type { CopyItem, NewRepositories } from './survey/item.ts'
import { planTransfer } from './plan.ts'
import { isAtTarget } from './presence.ts'

const IMAGES = 400
const LARGE = 300 * 1024

let source: MemoryStore
let target: MemoryStore
let faults: Faults
let images: Sample[]

beforeEach(async () => {
  source = new MemoryStore('source')
  target = new MemoryStore('target')
  faults = {}
  // Later images are larger, so the order by size is not that of the set.
  images = Array.from({ length: IMAGES }, (_, index) =>
    sampleImage([
      `small ${index}${'.'.repeat(index)}`,
      ...(index % 100 === 0 ? [Buffer.alloc(LARGE, index)] : []),
    ]),
  )
  for (const [index, image] of images.entries())
    await pushSample(source.repository(`app${index}`), image, '1')
})

/** Every image in a repository of its own, which the target knows only by its tags. */
function items(): CopyItem[] {
  return images.map((_, index) => {
    const name = `app${index}`
    const kept = target.repository(name)
    const repository: Repository = new FaultyRepository(kept, faults)
    Object.assign(repository, { isEmpty: async () => !kept.hasTags() })
    return {
      sourceName: `source/${name}:1`,
      targetName: `target/${name}:1`,
      source: { store: 'source', repository: source.repository(name) },
      reference: '1',
      target: { store: 'target', repository },
      tag: '1',
    }
  })
}

/** Plans the set. @returns how many blobs the target was asked for, and the bytes that are to be sent */
async function plan(newRepositories: NewRepositories) {
  let asked = 0
  faults.claims = () => void asked++
  const { blobs } = await planTransfer(items(), { concurrency: 4, newRepositories }, createContext())
  const toSend = blobs.filter(blob => !isAtTarget(blob))
  return { asked, bytes: toSend.reduce((sum, { descriptor }) => sum + descriptor.size, 0) }
}

/** Copies the set until some blobs have been pushed. */
async function interruptedCopy(pushes: number): Promise<void> {
  const abort = new AbortController()
  let left = pushes
  faults.onPush = () => {
    if (left-- === 0) abort.abort()
    abort.signal.throwIfAborted()
  }
  const context = createContext({ signal: abort.signal })
  const options = { concurrency: 4, newRepositories: 'none' } as const
  const copy = executePlan(await planTransfer(items(), options, context), options, context)
  await expect(copy).rejects.toMatchObject({ code: 'aborted' })
}

it('does without the bytes of manifests if it is only described', async () => {
  const { images } = await planTransfer(items(), { concurrency: 4, describeOnly: true }, createContext())
  expect(images).toHaveLength(IMAGES)
  for (const image of images) {
    if (image.status !== 'to-copy') throw new Error(image.status)
    expect(() => image.image.manifests[0]!.bytes).toThrow('were not kept')
    expect(image.image.manifests[0]!.descriptor).toEqual(image.root)
  }
})

describe('a plan for repositories that the target does not know', () => {
  it('asks for a sample of the blobs, if nothing of it is there', async () => {
    const [all, sample] = [await plan('all'), await plan('sample')]
    expect(all.asked).toBeGreaterThan(IMAGES)
    expect(sample.asked).toBeLessThan(IMAGES / 2)
    expect(sample.bytes).toBe(all.bytes)
    expect((await plan('none')).asked).toBe(0)
  })

  it.each([50, 100, 300])('is exact after a copy that was interrupted after %i blobs', async pushes => {
    const whole = await plan('none')
    await interruptedCopy(pushes)
    const [all, sample] = [await plan('all'), await plan('sample')]
    expect(sample.bytes).toBe(all.bytes)
    expect(sample.bytes).toBeLessThan(whole.bytes)
  })

  it('is exact if another tool was interrupted in the first image', async () => {
    const [blob] = images[0]!.blobs.values()
    await target.repository('app0').push(blob!.descriptor, contentFrom(blob!.bytes))
    const [all, sample] = [await plan('all'), await plan('sample')]
    expect(sample).toEqual(all)
  })
})
