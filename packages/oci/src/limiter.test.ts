import { describe, expect, it } from 'vitest'
import { Limiter, mapLimited } from './limiter.ts'

describe('Limiter', () => {
  it('runs so many at once and all in order', async () => {
    const limiter = new Limiter(3)
    const order: number[] = []
    let running = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 5000 }, (_, index) =>
        limiter.run(async () => {
          order.push(index)
          most = Math.max(most, ++running)
          await Promise.resolve()
          running--
        }),
      ),
    )
    expect(most).toBe(3)
    expect(order).toEqual(Array.from({ length: 5000 }, (_, index) => index))
  })

  it('follows a limit that changes, as work ends', async () => {
    let limit = 2
    const limiter = new Limiter(() => limit)
    const ends: (() => void)[] = []
    const runs = Array.from({ length: 9 }, () =>
      limiter.run(() => new Promise<void>(resolve => ends.push(resolve))),
    )
    const endOne = async (index: number) => {
      ends[index]!()
      await new Promise(resolve => setImmediate(resolve))
      return ends.length
    }
    expect(ends).toHaveLength(2)
    limit = 4
    expect(await endOne(0)).toBe(5)
    limit = 1
    for (const index of [1, 2, 3]) expect(await endOne(index)).toBe(5)
    expect(await endOne(4)).toBe(6)
    limit = 9
    expect(await endOne(5)).toBe(9)
    for (const end of ends) end()
    await Promise.all(runs)
  })

  it('frees the slot of work that fails', async () => {
    const limiter = new Limiter(1)
    await expect(limiter.run(() => Promise.reject(new RangeError('x')))).rejects.toThrow('x')
    expect(await limiter.run(async () => 7)).toBe(7)
  })

  it('awaits all that was started before it reports the first error', async () => {
    let finished = 0
    const work = async (index: number) => {
      await new Promise(resolve => setImmediate(resolve))
      finished++
      if (index % 2 === 1) throw new RangeError(String(index))
    }
    await expect(mapLimited([0, 1, 2, 3], 2, work)).rejects.toThrow('1')
    expect(finished).toBe(4)
  })
})
