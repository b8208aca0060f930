import { describe, expect, it } from 'vitest'
import { createContext } from '../context.ts'
import type { GpregEvent } from '../events.ts'
import { changesOf, keep, makeChanges, type Resource } from './resource.ts'

/** Resources that note in `made` that they were created. Creating the resource `failing` throws. */
function chain(names: readonly string[], failing?: string) {
  const made: string[] = []
  const resources = names.map((name): Resource => ({
    name,
    inspect: async () =>
      made.includes(name)
        ? keep('is there')
        : {
            action: 'create',
            reason: 'is missing',
            make: async () => {
              if (name === failing) throw new Error(name)
              made.push(name)
            },
          },
  }))
  return { made, resources }
}

describe('resources', () => {
  it('are inspected without being changed', async () => {
    const { made, resources } = chain(['a', 'b'])
    expect(await changesOf(resources, createContext())).toEqual([
      { resource: 'a', action: 'create', reason: 'is missing' },
      { resource: 'b', action: 'create', reason: 'is missing' },
    ])
    expect(made).toEqual([])
  })

  it('are created in order, with events, and kept at the next run', async () => {
    const events: GpregEvent[] = []
    const context = createContext({ emit: event => events.push(event) })
    const { made, resources } = chain(['a', 'b'])
    await makeChanges(resources, context)
    expect(made).toEqual(['a', 'b'])
    expect(events.map(({ type }) => type)).toEqual([
      'change.started',
      'change.done',
      'change.started',
      'change.done',
    ])
    const again = await makeChanges(resources, context)
    expect(again.map(({ action }) => action)).toEqual(['keep', 'keep'])
    expect(events).toHaveLength(4)
  })

  it('after a failed one are not changed', async () => {
    const { made, resources } = chain(['a', 'b', 'c'], 'b')
    await expect(makeChanges(resources, createContext())).rejects.toThrow('b')
    expect(made).toEqual(['a'])
  })

  it('are not changed after an abort', async () => {
    const { made, resources } = chain(['a'])
    const context = createContext({ signal: AbortSignal.abort() })
    await expect(makeChanges(resources, context)).rejects.toMatchObject({ code: 'aborted' })
    expect(made).toEqual([])
  })
})
