import { expect, it } from 'vitest'
import { assertNamespace } from './values.ts'

it.each(['gitpod', 'a', '0', 'dev-tools-2', 'a'.repeat(63)])('%s is a namespace', text => {
  expect(() => assertNamespace(text)).not.toThrow()
})

it.each(['', 'Gitpod', 'a_b', '-a', 'a-', 'a.b', 'a b', 'a'.repeat(64)])('%j is no namespace', text => {
  expect(() => assertNamespace(text)).toThrowError(expect.objectContaining({ code: 'usage' }))
})
