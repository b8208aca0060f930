import { expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { Provider } from '../provider.ts'
import { lazyProvider } from './lazy-provider.ts'

it('a provider is opened once, by its first use, and each call reaches it with its arguments', async () => {
  const asked: unknown[][] = []
  const opened = new Proxy({} as Provider, {
    get: (_, name) =>
      name === 'then' ? undefined : async (...args: unknown[]) => void asked.push([name, ...args]),
  })
  let openings = 0
  const provider = lazyProvider('aws', async () => {
    openings++
    return opened
  })
  expect([provider.cloud, openings]).toEqual(['aws', 0])
  const context = createContext()
  await provider.changes(context, 'absent')
  for (const call of ['apply', 'describe', 'check', 'destroy', 'notes'] as const)
    await provider[call](context)
  expect(openings).toBe(1)
  const later = ['apply', 'describe', 'check', 'destroy', 'notes'].map(call => [call, context])
  expect(asked).toEqual([['changes', context, 'absent'], ...later])
})
