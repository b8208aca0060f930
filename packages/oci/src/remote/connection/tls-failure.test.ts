import { expect, it } from 'vitest'
import { hostPeer, tlsFailure } from './tls-failure.ts'

const failure = (code: string, message = 'why') => {
  const cause = Object.assign(new TypeError(message), { code })
  return tlsFailure(code, { host: 'r.corp', cause }, hostPeer('r.corp', ['/etc/ssl/certs']))
}

it.each([
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', '--ca-file r.corp='],
  ['CERT_SIGNATURE_FAILURE', 'looked in /etc/ssl/certs'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'use a name'],
  ['CERT_HAS_EXPIRED', 'the clock'],
  ['INVALID_PURPOSE', 'another --ca-file does not help'],
  ['UNSPECIFIED', 'another --ca-file does not help'],
])('a certificate that is refused with %s is not trusted', (code, hint) => {
  expect(failure(code)).toMatchObject({ code: 'tls-untrusted', hint: expect.stringContaining(hint) })
})

it.each([
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'handshake failure', '--client-cert'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate required', '--client-cert'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'bad certificate', '--client-cert'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'protocol version', 'TLS 1.2'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'unsupported protocol', 'TLS 1.2'],
  ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'unrecognized name', 'check the name'],
])('%s is a refusal that another try does not change', (code, reason, hint) => {
  expect(failure(code)).toMatchObject({
    code: 'unreachable',
    retryable: false,
    message: `r.corp refuses the TLS connection: ${reason} (${code})`,
    hint: expect.stringContaining(hint),
  })
})

it.each(['ECONNRESET', 'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'])(
  '%s is a connection that broke',
  code => {
    expect(failure(code)).toBeUndefined()
  },
)

it('the names of a certificate are told', () => {
  const message = "Hostname/IP does not match certificate's altnames: Host: r.corp. is not cert's CN: x"
  expect(failure('ERR_TLS_CERT_ALTNAME_INVALID', message)?.message).toBe(
    "the certificate of r.corp is for other names (Host: r.corp. is not cert's CN: x)",
  )
})
