import { createContext } from '@gpreg/core'
import { GpregError, type ErrorCode } from '@gpreg/oci'
import { abortedError } from '@gpreg/oci/engine'
import { describe, expect, it } from 'vitest'
import type { ExitCode } from '../exit-codes.ts'
import { runRounds, waitAfter, type Round } from './rounds.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

type Outcome = ExitCode | ErrorCode | 'interrupt'

/** Runs rounds with these outcomes, and interrupts the wait after the last one. Waits take no time. */
async function rounds(outcomes: readonly Outcome[], interval = 15 * MINUTE) {
  const abort = new AbortController()
  const waits: number[] = []
  const told: Round<ExitCode>[] = []
  const context = createContext({
    signal: abort.signal,
    random: () => 0.5,
    sleep: async (milliseconds, signal) => {
      waits.push(milliseconds)
      if (told.length === outcomes.length) abort.abort()
      signal?.throwIfAborted()
    },
  })
  const options = {
    interval,
    run: async (number: number) => {
      const outcome = outcomes[number - 1]!
      if (typeof outcome === 'number') return outcome
      if (outcome !== 'interrupt') throw new GpregError(outcome, `it is ${outcome}`)
      abort.abort()
      throw abortedError()
    },
    exitCodeOf: (code: ExitCode) => code,
    report: (round: Round<ExitCode>) => void told.push(round),
  }
  return { exitCode: await runRounds(options, context), waits, told }
}

describe('the exit code', () => {
  it.each<[string, readonly Outcome[], number]>([
    ['0 if the last round was clean', [3, 0], 0],
    ['that of the last round', [0, 3], 3],
    ['that of a round that failed as a whole', [0, 'unreachable'], 6],
    ['that of the last whole round, if one is interrupted', [0, 'interrupt'], 0],
    ['that of the last whole round that failed, too', [3, 'interrupt'], 3],
    ['130 if no round ended', ['interrupt'], 130],
  ])('is %s', async (_, outcomes, exitCode) => {
    expect((await rounds(outcomes)).exitCode).toBe(exitCode)
  })
})

describe('a failure', () => {
  it.each<ErrorCode>(['usage', 'input-unreadable', 'input-invalid', 'image-set-empty', 'bug'])(
    'of the first round ends all with %s, because it does not go away',
    async code => expect(rounds([code, 0])).rejects.toMatchObject({ code }),
  )

  it.each<ErrorCode>(['unreachable', 'unauthorized', 'tls-untrusted', 'rate-limited', 'server-error'])(
    'of the first round with %s may go away',
    async code => {
      const { told, exitCode } = await rounds([code, 0])
      expect(told.map(({ error }) => error?.code)).toEqual([code, undefined])
      expect(exitCode).toBe(0)
    },
  )

  it('of an input in a later round may go away', async () => {
    expect((await rounds([0, 'input-invalid', 0])).exitCode).toBe(0)
  })

  it('that is a bug ends all in a later round, too', async () => {
    await expect(rounds([0, 'bug', 0])).rejects.toMatchObject({ code: 'bug' })
  })

  it('is tried again soon, and later each time until a round is clean', async () => {
    const { waits, told } = await rounds([0, 3, 3, 'unreachable', 3, 3, 3, 0])
    expect(waits.map(wait => wait / MINUTE)).toEqual([15, 1, 2, 4, 8, 15, 15, 15])
    expect(told.map(({ failures }) => failures)).toEqual([0, 1, 2, 3, 4, 5, 6, 0])
  })
})

describe('a wait', () => {
  it('of a short interval grows to a quarter of an hour', () => {
    const waits = [0, 1, 2, 3, 20].map(failures => waitAfter(failures, 5_000, 0.5))
    expect(waits).toEqual([5_000, 5_000, 10_000, 20_000, 15 * MINUTE])
  })

  it('of a long interval grows to that interval, however many rounds failed', () => {
    const waits = [1, 7, 12, 5_000].map(failures => waitAfter(failures, 24 * HOUR, 0.5))
    expect(waits).toEqual([MINUTE, 64 * MINUTE, 24 * HOUR, 24 * HOUR])
  })

  it('differs from process to process by a tenth at most', () => {
    expect(waitAfter(0, HOUR, 0)).toBe(0.9 * HOUR)
    expect(waitAfter(0, HOUR, 0.75)).toBe(1.05 * HOUR)
    expect(waitAfter(0, HOUR, 1 - Number.EPSILON)).toBeCloseTo(1.1 * HOUR, -1)
  })

  it('may be longer than Node can sleep', async () => {
    const { waits } = await rounds([0], 60 * 24 * HOUR)
    expect(waits).toEqual([2 ** 31 - 1])
    const { waits: all } = await rounds([0, 0], 40 * 24 * HOUR)
    expect(all.slice(0, 2).reduce((sum, wait) => sum + wait, 0)).toBe(40 * 24 * HOUR)
    expect(Math.max(...all)).toBeLessThan(2 ** 31)
  })
})
