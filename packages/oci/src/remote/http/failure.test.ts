import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProxyError } from '../connection/proxy-error.ts'
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

describe('the hint after a refusal', () => {
  const refusal = (status: number, text: string, more: object = {}, about: object = {}) =>
    responseError(
      { status, header: () => undefined, scrub: said => said, text, ...more },
      { ...asked, method: 'PUT', side: 'target', ...about },
      0,
    )
  const errors = (message: string) => JSON.stringify({ errors: [{ code: 'DENIED', message }] })
  const via = { registry: 'docker.io', location: 'https://auth.docker.io/token' }
  const ofTokens = { isOfTokenServer: true, hadLogin: true }

  it.each<[string, ReturnType<typeof refusal>, string]>([
    ['an immutable tag (Harbor)', refusal(412, errors("'app:1' configured as immutable.")), 'immutable tags'],
    [
      'an immutable tag (ECR)',
      refusal(
        400,
        errors('the tag already exists and cannot be overwritten because the repository is immutable'),
      ),
      'immutable tags',
    ],
    ['a quota', refusal(403, errors('it will exceed the configured upper limit of 1 GiB')), 'quota'],
    [
      'an upload at another server of the same name',
      refusal(404, JSON.stringify({ errors: [{ code: 'BLOB_UPLOAD_UNKNOWN', message: 'm' }] })),
      'REGISTRY_HTTP_SECRET',
    ],
    ['a quota in a text', refusal(413, 'storage quota limit reached'), 'quota'],
    [
      'a password at a token server',
      refusal(401, '{"details":"incorrect"}', ofTokens, { via, host: 'auth.docker.io' }),
      'gpreg login docker.io',
    ],
    [
      'no password at a token server',
      refusal(401, '', { isOfTokenServer: true }, { via, host: 'auth.docker.io' }),
      'gpreg login docker.io',
    ],
    [
      'a token server that is down',
      refusal(502, '', ofTokens, { via, host: 'auth.docker.io' }),
      'make auth.docker.io reachable',
    ],
  ])('of %s is what to do', (_, { hint }, expected) => {
    expect(hint).toContain(expected)
  })

  it.each([
    ['Negotiate', 'asks for a login by Negotiate'],
    ['Digest realm="r", nonce="n"', 'asks for a login by Digest'],
    ['Negotiate, Basic realm="r"', 'log in with gpreg login'],
    ['Bearer', 'log in with gpreg login'],
  ])('of a stranger where %s is wanted says so', (challenge, hint) => {
    expect(refusal(401, '', { header: () => challenge }).hint).toContain(hint)
  })

  it('says which login was refused', () => {
    expect(refusal(401, '{"details":"incorrect"}', ofTokens, { via, host: 'auth.docker.io' })).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/with the login that is kept for docker\.io: incorrect$/),
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

  it.each([
    ['CERT_HAS_EXPIRED', 'the certificate of the proxy p.corp:3128 has expired', 'serve a new certificate'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'the certificate of the proxy p.corp:3128 is not trusted', 'HTTPS_PROXY'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'the proxy p.corp:3128 does not speak TLS', 'HTTPS_PROXY'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate required', 'certs.d/p.corp:3128 '],
  ])('says of a proxy what it says of a host: %s', (code, message, hint) => {
    const proxy = { variable: 'HTTPS_PROXY', address: 'p.corp:3128', url: new URL('https://p.corp:3128') }
    const cause = Object.assign(new TypeError('x'), { code })
    expect(networkError(new ProxyError(proxy, undefined, cause), asked)).toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
      retryable: false,
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
