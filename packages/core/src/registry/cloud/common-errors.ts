import type { ErrorCode } from '@gpreg/oci'

/** The hint for an error, if it is the same for every cloud; else undefined. */
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

/** The code for a connection that failed without a response, by the name of Node's error. */
export function codeOfConnection(name: string): 'tls-untrusted' | 'unreachable' {
  const isTrust = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_)/.test(name)
  return isTrust ? 'tls-untrusted' : 'unreachable'
}
