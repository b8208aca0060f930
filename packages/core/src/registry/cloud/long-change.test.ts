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

it('a change without an end is given up after ten minutes', async () => {
  let waited = 0
  const context = createContext({ sleep: async milliseconds => void (waited += milliseconds) })
  await expect(waitForChange('acr:registry/a', context, async () => 'creating')).rejects.toMatchObject({
    code: 'stalled',
    message: 'acr:registry/a is still being changed after ten minutes',
    hint: 'run the same command again: it goes on where it stopped',
    retryable: false,
  })
  expect(waited).toBe(600_000)
})
