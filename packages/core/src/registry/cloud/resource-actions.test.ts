import { expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { Action } from '../change.ts'
import type { Resource } from '../resource.ts'
import { resourceActions } from './resource-actions.ts'

function resource(name: string, action: Action, made: string[]): Resource {
  return { name, inspect: async () => ({ action, reason: '', make: async () => void made.push(name) }) }
}

it('the goal chooses the resources, and prepare runs before each action', async () => {
  const made: string[] = []
  let prepared = 0
  const actions = resourceActions({
    present: [resource('bucket', 'create', made), resource('key', 'keep', made)],
    absent: [resource('key', 'delete', made), resource('bucket', 'delete', made)],
    prepare: async () => void prepared++,
  })
  const context = createContext()
  const namesOf = (changes: readonly { readonly resource: string }[]) =>
    changes.map(change => change.resource)

  expect(namesOf(await actions.changes(context))).toEqual(['bucket', 'key'])
  expect(namesOf(await actions.changes(context, 'absent'))).toEqual(['key', 'bucket'])
  expect(made).toEqual([])
  expect(namesOf(await actions.apply(context))).toEqual(['bucket', 'key'])
  expect(made).toEqual(['bucket'])
  await actions.destroy(context)
  expect(made).toEqual(['bucket', 'key', 'bucket'])
  expect(prepared).toBe(4)
})
