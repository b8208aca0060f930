import { expect, it } from 'vitest'
import { scopesBesides } from './scope.ts'

const asked = ['repository:app:pull,push', 'repository:base:pull']

it.each<[string, string | undefined, string[]]>([
  ['no scope', undefined, []],
  ['an empty scope', '', []],
  ['the same scope', 'repository:app:pull,push', []],
  ['the same rights in another order', 'repository:app:push,pull', []],
  ['fewer rights', 'repository:app:pull', []],
  ['both scopes', 'repository:base:pull repository:app:pull,push', []],
  ['another repository', 'repository:team/app:pull,push', ['repository:team/app:pull,push']],
  ['another right', 'repository:base:pull,push', ['repository:base:pull,push']],
  ['a name with a port', 'repository:r.corp:5000/app:pull', ['repository:r.corp:5000/app:pull']],
  ['one of two', 'repository:app:pull repository:x:pull', ['repository:x:pull']],
  ['no scope at all', 'pull', []],
])('of a challenge with %s, what was not asked for is told', (_, told, besides) => {
  expect(scopesBesides(told, asked)).toEqual(besides)
})
