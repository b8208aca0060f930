import { expect, it } from 'vitest'
import { codeOfConnection, commonHint } from './common-errors.ts'

it('advice that fits every cloud names the cloud', () => {
  expect(commonHint('rate-limited', 'Azure')).toMatch(/^Azure limits/)
  expect(commonHint('unreachable', 'Azure')).toContain('HTTPS_PROXY')
  expect(commonHint('forbidden', 'Azure')).toBeUndefined()
})

it.each([
  ['ECONNREFUSED', 'unreachable'],
  ['ENOTFOUND', 'unreachable'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls-untrusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-untrusted'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls-untrusted'],
])('a connection that failed by %s is %s', (name, code) => {
  expect(codeOfConnection(name)).toBe(code)
})
