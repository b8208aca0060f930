import { GpregError, type ErrorSubject } from '../../errors.ts'
import { isExpired, isTlsRefusal, NO_TLS, refusalOf, UNTRUSTED, WRONGLY_MADE } from './error-code.ts'

/**
 * The typed error for a connection that TLS did not come about on; undefined for any other error.
 * @param code of the error, see `errorCode`
 * @param trustPlaces where authorities for the host were looked for
 */
export function tlsFailure(
  code: string,
  details: ErrorSubject & { readonly cause: unknown },
  trustPlaces: readonly string[],
): GpregError | undefined {
  const host = details.host ?? 'the registry'
  const certificate = `the certificate of ${host}`
  const untrusted = (what: string, hint: string) =>
    new GpregError('tls-untrusted', `${certificate} ${what}`, { ...details, hint })
  const unreachable = (message: string, hint: string) =>
    new GpregError('unreachable', message, { ...details, retryable: false, hint })

  if (isExpired(code)) {
    const what = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'
    const renew = `${newCertificate(host)}; or set the clock of this machine, if it is wrong`
    return untrusted(`${what} (${code})`, renew)
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const hint = `use a name of ${host} that the certificate is for, or have ${host} serve one for this name: another --ca-file does not help`
    return untrusted(`is for other names (${textOf(details.cause)})`, hint)
  }
  if (WRONGLY_MADE.has(code))
    return untrusted(`cannot be used (${textOf(details.cause)})`, newCertificate(host))
  if (UNTRUSTED.has(code)) {
    const looked = trustPlaces.length > 0 ? `; looked in ${trustPlaces.join(', ')}` : ''
    return untrusted(
      `is not trusted (${code})`,
      `give its authority with --ca-file ${host}=ca.pem, or SSL_CERT_FILE${looked}`,
    )
  }
  if (NO_TLS.has(code)) {
    const hint = `if it is a plain HTTP registry, say so with --plain-http ${host}`
    return unreachable(`${host} does not speak TLS (${code})`, hint)
  }
  if (!isTlsRefusal(code)) return undefined
  return unreachable(
    `${host} refuses the TLS connection: ${refusalOf(code)} (${code})`,
    refusalHint(code, host),
  )
}

function newCertificate(host: string): string {
  return `have ${host} serve a new certificate: another --ca-file does not help`
}

function refusalHint(code: string, host: string): string {
  if (/PROTOCOL/.test(code)) return `have ${host}, or what stands before it, speak TLS 1.2 or newer`
  if (/NAME/.test(code)) return `check the name ${host}: the server there does not know it`
  return `if ${host} wants a client certificate, name it with --client-cert, or put it into /etc/docker/certs.d/${host} as client.cert and client.key`
}

/** What Node says of a certificate, without the advice that it adds for its own options. */
function textOf(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause)
    if ('code' in error)
      return error.message.replace(/^Hostname\/IP does not match certificate's altnames: /, '').slice(0, 300)
  return String(cause)
}
