import { GpregError, type ErrorSubject } from '../../errors.ts'
import { isExpired, isTlsRefusal, NO_TLS, refusalOf, UNTRUSTED, WRONGLY_MADE } from './error-code.ts'

/** The other end of a connection, a host or a proxy, and the next step by what went wrong. */
export interface TlsPeer {
  /** in messages */
  readonly name: string
  /** `host[:port]`, for which certificates are looked for */
  readonly address: string
  /** if its authority is not known */
  readonly trustHint: string
  /** if it speaks no TLS */
  readonly plainHint: string
}

/** A registry, or another host that it names. @param trustPlaces where authorities for the host were looked for */
export function hostPeer(host: string, trustPlaces: readonly string[]): TlsPeer {
  const looked = trustPlaces.length > 0 ? `; looked in ${trustPlaces.join(', ')}` : ''
  return {
    name: host,
    address: host,
    trustHint: `give its authority with --ca-file ${host}=ca.pem, or SSL_CERT_FILE${looked}`,
    plainHint: `if it is a plain HTTP registry, say so with --plain-http ${host}`,
  }
}

/**
 * The typed error for a connection that TLS did not come about on; undefined for any other error.
 * @param code of the error, see `errorCode`
 */
export function tlsFailure(
  code: string,
  details: ErrorSubject & { readonly cause: unknown },
  peer: TlsPeer,
): GpregError | undefined {
  const { name } = peer
  const certificate = `the certificate of ${name}`
  const renewHint = `have ${name} serve a new certificate: another --ca-file does not help`
  const untrusted = (what: string, hint: string) =>
    new GpregError('tls-untrusted', `${certificate} ${what}`, { ...details, hint })
  const unreachable = (message: string, hint: string) =>
    new GpregError('unreachable', message, { ...details, retryable: false, hint })

  if (isExpired(code)) {
    const what = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'
    const hint = `${renewHint}; or set the clock of this machine, if it is wrong`
    return untrusted(`${what} (${code})`, hint)
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const hint = `use a name of ${name} that the certificate is for, or have ${name} serve one for this name: another --ca-file does not help`
    return untrusted(`is for other names (${textOf(details.cause)})`, hint)
  }
  if (WRONGLY_MADE.has(code)) return untrusted(`cannot be used (${textOf(details.cause)})`, renewHint)
  if (UNTRUSTED.has(code)) return untrusted(`is not trusted (${code})`, peer.trustHint)
  if (NO_TLS.has(code)) return unreachable(`${name} does not speak TLS (${code})`, peer.plainHint)
  if (!isTlsRefusal(code)) return undefined
  const refusal = `${name} refuses the TLS connection: ${refusalOf(code)} (${code})`
  return unreachable(refusal, refusalHint(code, peer))
}

function refusalHint(code: string, { name, address }: TlsPeer): string {
  if (/PROTOCOL/.test(code)) return `have ${name}, or what stands before it, speak TLS 1.2 or newer`
  if (/NAME/.test(code)) return `check the name ${name}: the server there does not know it`
  return `if ${name} wants a client certificate, name it with --client-cert, or put it into /etc/docker/certs.d/${address} as client.cert and client.key`
}

/** What Node says of a certificate, without the advice that it adds for its own options. */
function textOf(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause)
    if ('code' in error)
      return error.message.replace(/^Hostname\/IP does not match certificate's altnames: /, '').slice(0, 300)
  return String(cause)
}
