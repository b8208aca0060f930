import { describe, expect, it } from 'vitest'
import { createContext } from './context.ts'
import { GpregError } from './errors.ts'
import { BRIEF, PATIENT, withRetry } from './retry.ts'

function recording() {
  const waits: number[] = []
  return {
    waits,
    context: createContext({ sleep: async milliseconds => void waits.push(milliseconds), random: () => 1 }),
  }
}

const failing = (error: GpregError, times: number) => {
  let left = times
  return async () => {
    if (left-- > 0) throw error
    return 'done'
  }
}

describe('withRetry', () => {
  it('waits longer each time, up to a cap', async () => {
    const { waits, context } = recording()
    await expect(
      withRetry(context, 'x', PATIENT, failing(new GpregError('server-error', 'x'), 99)),
    ).rejects.toThrow('x')
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16000])
  })

  it('does not try again what will not change', async () => {
    const { waits, context } = recording()
    await expect(
      withRetry(context, 'x', PATIENT, failing(new GpregError('forbidden', 'x'), 1)),
    ).rejects.toThrow('x')
    expect(waits).toEqual([])
  })

  it('waits as long as it was asked to, but not for ever', async () => {
    const { waits, context } = recording()
    const asked = new GpregError('rate-limited', 'x', { retryAfter: 42_000 })
    expect(await withRetry(context, 'x', PATIENT, failing(asked, 1))).toBe('done')
    expect(waits).toEqual([42_000])
    const tooLong = new GpregError('rate-limited', 'x', { retryAfter: 6 * 3_600_000 })
    await expect(withRetry(context, 'x', PATIENT, failing(tooLong, 1))).rejects.toMatchObject({
      retryable: false,
    })
  })

  it('does not obey a Retry-After of 0, which would use up all tries at once', async () => {
    const { waits, context } = recording()
    const asked = new GpregError('server-error', 'x', { retryAfter: 0 })
    await expect(withRetry(context, 'x', PATIENT, failing(asked, 99))).rejects.toThrow('x')
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16000])
  })

  it('does not multiply the tries of a layer below', async () => {
    const { waits, context } = recording()
    const inner = failing(new GpregError('unreachable', 'x'), 99)
    await expect(
      withRetry(context, 'outer', BRIEF, () => withRetry(context, 'inner', BRIEF, inner)),
    ).rejects.toMatchObject({ code: 'unreachable' })
    expect(waits).toHaveLength(BRIEF.attempts - 1)
  })

  it('ends with the abort, in work and in waits', async () => {
    const abort = new AbortController()
    const context = createContext({ signal: abort.signal })
    const running = withRetry(context, 'x', PATIENT, failing(new GpregError('server-error', 'x'), 99))
    abort.abort()
    await expect(running).rejects.toMatchObject({ code: 'aborted', retryable: false })
  })
})
