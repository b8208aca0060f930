/** Codes of Node for a certificate that was made wrongly, so that no authority helps. The last one is any other, such as a weak key. */
export const WRONGLY_MADE: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'UNSPECIFIED',
])

/** Codes of Node for a certificate that is not accepted. A wrong signature is that of another authority of the same name. */
export const UNTRUSTED: ReadonlySet<string> = new Set([
  ...WRONGLY_MADE,
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

export function isExpired(code: string): boolean {
  return code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID'
}

/** Alerts of TLS by which an end refuses the other. Others are of a connection that breaks, and another one may do. */
const REFUSAL =
  /^ERR_SSL_(?:(?:SSL\/TLS|SSLV3|TLSV1\d?)_)?(?:ALERT_)?(HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|UNRECOGNIZED_NAME|UNKNOWN_CA|ACCESS_DENIED|(?:\w+_)?CERTIFICATE(?:_\w+)?|UNSUPPORTED_PROTOCOL|\w+_KEY_TOO_SMALL)$/

export function isTlsRefusal(code: string): boolean {
  return REFUSAL.test(code)
}

/** The reason of a refusal in words: `certificate required`. */
export function refusalOf(code: string): string {
  return (REFUSAL.exec(code)?.[1] ?? code).toLowerCase().replaceAll('_', ' ')
}

/** Codes of Node for a port that answers without TLS. */
export const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO'])

/** The code of an error of Node or undici, also where it is the cause of another error; empty if there is none. */
export function errorCode(thrown: unknown): string {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { code, errors } = error as { code?: unknown; errors?: unknown[] }
    if (typeof code === 'string') return code
    // Happy Eyeballs: one error for each address tried.
    if (Array.isArray(errors) && errors.length > 0) return errorCode(errors[0])
    if (error.name === 'AbortError') return 'ABORT_ERR'
  }
  return ''
}

/** What a code means, in words. */
export function describeCode(code: string, message: string): string {
  const known: Record<string, string> = {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'the connection was cut',
    ENOTFOUND: 'the name does not resolve',
    EAI_AGAIN: 'the name does not resolve right now',
    ETIMEDOUT: 'connection timed out',
    EHOSTUNREACH: 'no route to the host',
    ENETUNREACH: 'no route to the network',
    EPIPE: 'the connection was cut',
    UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
    UND_ERR_SOCKET: 'the connection was cut',
    UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
    UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut short',
  }
  return known[code] ?? (message || code || 'unknown error')
}
