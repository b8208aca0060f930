import { expect, it } from 'vitest'
import { createContext } from './context.ts'
import { RateLimit } from './rate-limit.ts'

it('keeps all streams together to the rate, those that pause now and then included', async () => {
  let now = 0
  const context = createContext({
    elapsed: () => now,
    sleep: async ms => void (now = Math.max(now, now + ms)),
  })
  const limit = new RateLimit(1_000_000, context)
  let bytes = 0
  while (now < 60_000) {
    await limit.take(16_384)
    bytes += 16_384
    if (bytes % (16_384 * 100) === 0) now += 300
  }
  expect(bytes / (now / 1000)).toBeGreaterThan(950_000)
  expect(bytes / (now / 1000)).toBeLessThan(1_050_000)
})

it('waits no longer because the clock is set back', async () => {
  let now = 3_600_000
  const waits: number[] = []
  const context = createContext({
    now: () => now,
    elapsed: () => 0,
    sleep: async ms => void waits.push(ms),
  })
  const limit = new RateLimit(1_000_000, context)
  now = 0
  await limit.take(50_000)
  expect(waits).toEqual([50])
})
