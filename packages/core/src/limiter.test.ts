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
