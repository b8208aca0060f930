import { expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { GpregEvent } from '../../events.ts'
import { waitForChange } from './long-change.ts'

it('the state of a change is read until it ends, with an event for each wait', async () => {
  const events: GpregEvent[] = []
  const waits: number[] = []
  const context = createContext({
    emit: event => events.push(event),
    sleep: async milliseconds => void waits.push(milliseconds),
  })
  const looks: number[] = []
  await waitForChange('acr:registry/a', context, async before => {
    looks.push(before)
    return before < 2 ? 'creating' : undefined
  })
  expect(looks).toEqual([0, 1, 2])
  expect(waits).toEqual([2_000, 2_000])
  const waiting = { type: 'change.waiting', resource: 'acr:registry/a', state: 'creating' }
  expect(events).toEqual([waiting, waiting])
})

it('a change without an end is given up after 10 minutes', async () => {
  let waited = 0
  const context = createContext({ sleep: async milliseconds => void (waited += milliseconds) })
  await expect(waitForChange('acr:registry/a', context, async () => 'creating')).rejects.toMatchObject({
    code: 'stalled',
    message: 'acr:registry/a is still being changed after 10 minutes',
    hint: 'run the same command again: it goes on where it stopped',
    retryable: false,
  })
  expect(waited).toBe(600_000)
})

it('the pause is the one that the cloud asks for, and counts towards the longest wait', async () => {
  const waits: number[] = []
  const context = createContext({ sleep: async milliseconds => void waits.push(milliseconds) })
  const asked = [30_000, undefined, 0, 40_000]
  const pauseOf = () => asked[waits.length]
  const waiting = waitForChange('acr:registry/a', context, async () => 'importing', {
    longest: 60_000,
    pauseOf,
  })
  await expect(waiting).rejects.toMatchObject({ code: 'stalled' })
  expect(waits).toEqual([30_000, 2_000, 1_000, 40_000])
})
