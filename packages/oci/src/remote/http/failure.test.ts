import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkError, parseRetryAfter, responseError } from './failure.ts'

const asked = {
  method: 'GET',
  path: 'library/app/manifests/1',
  host: 'registry.internal',
  side: 'source' as const,
}

describe('responseError', () => {
  const error = (status: number, code?: string) =>
    responseError(
      {
        status,
        header: () => undefined,
        scrub: text => text,
        text: code ? JSON.stringify({ errors: [{ code, message: 'm' }] }) : '<html>',
      },
      asked,
      0,
    )

  it.each([
    [401, undefined, 'unauthorized', false],
    [403, 'DENIED', 'forbidden', false],
    [404, 'MANIFEST_UNKNOWN', 'not-found', false],
    [404, 'BLOB_UPLOAD_UNKNOWN', 'upload-lost', true],
    [400, 'MANIFEST_BLOB_UNKNOWN', 'blob-unknown', false],
    [400, 'DIGEST_INVALID', 'digest-mismatch', true],
    [429, 'TOOMANYREQUESTS', 'rate-limited', true],
    [503, undefined, 'server-error', true],
    [405, 'UNSUPPORTED', 'protocol', false],
  ])('%i %s is %s', (status, code, expected, retryable) => {
    expect(error(status, code)).toMatchObject({
      code: expected,
      retryable,
      subject: { status, host: 'registry.internal' },
    })
  })
})

describe('networkError', () => {
  it('says how to trust a private CA', () => {
    const error = networkError(
      Object.assign(new TypeError('x'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
      asked,
    )
    expect(error).toMatchObject({
      code: 'tls-untrusted',
      retryable: false,
      hint: expect.stringContaining('--ca-file registry.internal='),
    })
  })

  it('finds the code in causes and in the errors of single addresses', () => {
    const refused = new AggregateError([Object.assign(new TypeError('x'), { code: 'ECONNREFUSED' })])
    expect(networkError(new TypeError('fetch failed', { cause: refused }), asked)).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('connection refused'),
    })
  })
})

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
  ])('%j is %j ms', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected)
  })

  it('is a duration or undefined for any header', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const wait = parseRetryAfter(text, now)
        expect(wait === undefined || wait >= 0).toBe(true)
      }),
    )
  })
})
