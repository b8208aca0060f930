import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { asciiScript } from './ascii.ts'

describe('asciiScript', () => {
  it.each([
    ['a string', `'a…b'`],
    ['a backslash before a character', `'\\\\…'`],
    ['a template', '`${1}—`'],
    ['a character beyond 16 bits', `'👍'.length`],
    ['a pattern', `/^[à-ü…]+$/.exec('é…')[0]`],
    ['a pattern of code points', `/^[👍]$/u.test('👍')`],
    ['a name', `var µ = 1; µ`],
  ])('means the same: %s', (_, code) => {
    const written = asciiScript(code)
    expect(written).toMatch(/^[\0-\x7f]+$/)
    expect(runInNewContext(written)).toEqual(runInNewContext(code))
  })

  it.each([
    ['an escaped character', `'\\…'`],
    ['a template that is read as written', 'String.raw`…`'],
  ])('refuses %s', (_, code) => {
    expect(() => asciiScript(code)).toThrow('cannot be written in ASCII')
  })
})
