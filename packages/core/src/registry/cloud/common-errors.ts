import type { ErrorCode } from '@gpreg/oci'

/** The advice that is the same for every cloud; undefined for an error that needs the cloud's own. */
export function commonHint(code: ErrorCode, cloud: string): string | undefined {
  switch (code) {
    case 'rate-limited':
      return `${cloud} limits the rate of calls: run the same command again, it goes on where it stopped`
    case 'unreachable':
      return 'check the line, HTTPS_PROXY and NO_PROXY'
    case 'tls-untrusted':
      return 'name the authority that signed it in NODE_EXTRA_CA_CERTS'
    default:
      return undefined
  }
}

/** The code of an error that came without an answer, by the name that Node gives the failed connection. */
export function codeOfConnection(name: string): 'tls-untrusted' | 'unreachable' {
  const isTrust = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_)/.test(name)
  return isTrust ? 'tls-untrusted' : 'unreachable'
}
