import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { GpregError } from '../../errors.ts'
import type { OciEvent } from '../../events.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { digestOf } from '../../model/hash.ts'
import { OtherShards } from './other-shards.ts'
import type { SharedBlob, Shares } from './share.ts'

const MIB = 1024 * 1024
const PATIENCE = 60_000

interface Blob extends SharedBlob {
  readonly shard: number
}

function blobs(shard: number, count: number, size = 10): Blob[] {
  return Array.from({ length: count }, (_, index) => ({
    descriptor: { mediaType: 'layer', digest: digestOf(`${shard} ${index}`), size },
    store: 'target',
    shard,
  }))
}

/** One of 3 shards waits. Time passes only in waits; a test says what arrives when. */
function waiting(all: readonly Blob[], arrives: (blob: Blob, now: number) => boolean, index = 1) {
  const shares: Shares<Blob> = {
    shard: { index, count: 3, patience: PATIENCE },
    shardOf: ({ shard }) => shard,
  }
  const events: OciEvent[] = []
  let [now, looks] = [0, 0]
  const abort = new AbortController()
  const context = createContext({
    emit: event => events.push(event),
    signal: abort.signal,
    random: () => 1,
    sleep: async milliseconds => {
      abort.signal.throwIfAborted()
      now += milliseconds
    },
  })
  const homeOf = (blob: Blob) => ({
    exists: async (descriptor: Descriptor) => {
      expect(descriptor).toBe(blob.descriptor)
      looks++
      return arrives(blob, now)
    },
  })
  const others = new OtherShards(all, shares, homeOf, context)
  return { others, events, abort, now: () => now, looks: () => looks }
}

describe('the blobs of other shards', () => {
  it('are waited for until they are there', async () => {
    const all = blobs(2, 40)
    const { others, now, looks } = waiting(all, (blob, now) => now >= 1000 * all.indexOf(blob))
    expect(await Promise.all(all.map(blob => others.arrival(blob)))).toEqual(all.map(() => true))
    expect(now()).toBeLessThan(60_000)
    expect(looks()).toBeLessThan(8 * 60)
  })

  it('are awaited for as long as any of that shard arrive, needed here or not', async () => {
    const all = blobs(2, 20)
    const { others, events } = waiting(all, (blob, now) => now >= 0.9 * PATIENCE * all.indexOf(blob))
    expect(await others.arrival(all.at(-1)!)).toBe(true)
    expect(events).toEqual([])
  })

  it('are sent from here when their shard has stalled, which is said once', async () => {
    const [dead, alive] = [blobs(2, 5), blobs(3, 5)]
    const { others, events, now } = waiting(
      [...dead, ...alive],
      ({ shard }, now) => shard === 3 && now > 5000,
    )
    const answers = [...dead, ...alive].map(blob => others.arrival(blob))
    expect(await Promise.all(answers)).toEqual([...dead.map(() => false), ...alive.map(() => true)])
    expect(now()).toBeGreaterThanOrEqual(PATIENCE)
    expect(events).toMatchObject([{ type: 'warning', code: 'shard-stalled' }])
  })

  it('have longer if they are large', async () => {
    const [huge] = blobs(2, 1, 600 * MIB)
    const { others, now } = waiting([huge!], () => false)
    expect(await others.arrival(huge!)).toBe(false)
    expect(now()).toBeGreaterThan(10 * PATIENCE)
  })

  it.each([
    [1, [0, 1, 2, 3, 4, 5]],
    [3, [4, 5, 0, 1, 2, 3]],
  ])('are begun by shard %i at another one', async (index, expected) => {
    const all = blobs(2, 6)
    const order: number[] = []
    const { others } = waiting(all, () => false, index)
    await Promise.all(all.map((blob, index) => others.arrival(blob).then(() => order.push(index))))
    expect(order).toEqual(expected)
  })

  it('are asked for no more when nothing of them is awaited', async () => {
    const [first, ...rest] = blobs(2, 100)
    const { others, looks } = waiting([first!, ...rest], () => true)
    expect(await others.arrival(first!)).toBe(true)
    expect(looks()).toBe(8)
  })

  it('fail if the registry cannot be asked, and are missing if it refuses to tell', async () => {
    const [blob] = blobs(2, 1)
    const failing = (error: GpregError) =>
      waiting([blob!], () => {
        throw error
      }).others.arrival(blob!)
    await expect(failing(new GpregError('unreachable', 'down'))).rejects.toMatchObject({
      code: 'unreachable',
    })
    expect(await failing(new GpregError('forbidden', 'no', { status: 403 }))).toBe(false)
  })

  it('are not waited for any more after an abort', async () => {
    const [blob] = blobs(2, 1)
    const { others, abort } = waiting([blob!], () => false)
    const arrival = others.arrival(blob!)
    abort.abort()
    await expect(arrival).rejects.toMatchObject({ code: 'aborted' })
  })
})
