import { expect, it } from 'vitest'
import { parseToken } from './token.ts'

const parse = (answer: unknown) => parseToken(JSON.stringify(answer), 0, 'r.corp', 'source')

it.each([
  { token: 'abc' },
  { access_token: 'abc' },
  { token: null, access_token: 'abc' },
  { token: '', access_token: 'abc' },
  { token: 'abc', access_token: null, refresh_token: null, expires_in: null },
  { token: 'abc', access_token: 'other' },
])('%j is a token', answer => {
  expect(parse(answer)).toEqual({ value: 'abc', renewAt: 50_000 })
})

it.each([
  {},
  { token: null },
  { token: '', access_token: null },
  { token: 7 },
  { token: 'two\nlines' },
  { token: 'ünicode' },
  null,
  [],
])('%j is none', answer => {
  expect(() => parse(answer)).toThrow(expect.objectContaining({ code: 'protocol' }))
})

it('a web page in place of a token is told as such', () => {
  const page = '<!doctype html><title>Sign in</title>'
  expect(() => parseToken(page, 0, 'r.corp', 'source')).toThrow(
    'the token server of r.corp answered with a web page ("Sign in"), not with a token',
  )
})
