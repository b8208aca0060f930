import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sample } from './samples.ts'
import { takeTurns } from './turns.ts'

describe('turns', () => {
  beforeEach(() => void vi.spyOn(console, 'log').mockImplementation(() => {}))
  afterEach(() => void vi.restoreAllMocks())

  it('have another order in each round, and series in the given order', async () => {
    const order: string[] = []
    const turns = ['a', 'b', 'c'].map(name => ({
      name,
      rounds: name === 'c' ? 1 : undefined,
      run: async () => {
        order.push(name)
        return { cold: sample(1) }
      },
    }))
    const series = await takeTurns(turns, 2)
    expect(order.join('')).toBe('abcba')
    expect(series.map(({ contestant, runs }) => `${contestant}${runs.length}`)).toEqual(['a2', 'b2', 'c1'])
  })

  it('count what failed of a peer, and end if gpreg fails', async () => {
    let at = 0
    const peer = {
      name: 'oras',
      isPeer: true,
      run: async () => {
        if (at++ === 0) throw new Error('broken')
        return { cold: sample(1), unchanged: undefined }
      },
    }
    const dead = { name: 'crane', isPeer: true, run: () => Promise.reject(new Error('always')) }
    expect(await takeTurns([peer, dead], 2)).toMatchObject([
      { contestant: 'oras', phase: 'cold', runs: [{}], failed: 1 },
      { contestant: 'crane', phase: 'cold', runs: [], failed: 2 },
    ])
    await expect(takeTurns([{ ...dead, isPeer: false }], 1)).rejects.toThrow('always')
  })
})
