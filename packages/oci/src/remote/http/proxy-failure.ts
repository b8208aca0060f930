import { GpregError, type ErrorSubject } from '../../errors.ts'
import type { Proxy } from '../connection/proxies.ts'
import type { ProxyError } from '../connection/proxy-error.ts'
import { describeCode, errorCode } from '../connection/error-code.ts'
import { tlsFailure, type TlsPeer } from '../connection/tls-failure.ts'

/**
 * The typed error for a proxy that was not reached or that refused. It names the proxy, because the host behind it was not asked. The
 * subject has no status: that would be read as an answer of the host.
 */
export function proxyFailure({ proxy, status, cause }: ProxyError, subject: ErrorSubject): GpregError {
  const host = subject.host ?? 'the registry'
  const details = { ...subject, cause }
  if (status !== undefined) {
    return new GpregError('unreachable', describeRefusal(proxy, status, host), {
      ...details,
      retryable: status >= 500 || status === TOO_MANY,
      hint: refusalHint(proxy, status, host),
    })
  }
  const code = errorCode(cause)
  const failure = tlsFailure(code, details, proxyPeer(proxy))
  if (failure !== undefined) return failure
  const why = describeCode(code, cause instanceof Error ? cause.message : '')
  return new GpregError(
    'unreachable',
    `no answer from the proxy ${proxy.address} on the way to ${host}: ${why}`,
    {
      ...details,
      hint: `check ${proxy.variable}, which names this proxy; if ${host} is reached without a proxy, add it to NO_PROXY`,
    },
  )
}

function proxyPeer({ address, variable }: Proxy): TlsPeer {
  return {
    name: `the proxy ${address}`,
    address,
    trustHint: `give its authority with --ca-file ca.pem; the proxy is named in ${variable}`,
    plainHint: `write http:// instead of https:// in ${variable}`,
  }
}

/** What to check if the answer of a host may be that of a proxy, which answers http URLs in its place. */
export function proxyHint(proxy: Proxy, host: string): string {
  return `the answer may be that of the proxy ${proxy.address}: check ${proxy.variable}; if ${host} is reached without a proxy, add it to NO_PROXY`
}

const LOGIN_WANTED = 407
const TOO_MANY = 429

function describeRefusal({ address, url }: Proxy, status: number, host: string): string {
  if (status !== LOGIN_WANTED) return `the proxy ${address} did not connect to ${host}: it answered ${status}`
  const wish = url.username === '' ? 'wants a login' : 'refuses the user and the password'
  return `the proxy ${address} ${wish} (407) on the way to ${host}`
}

function refusalHint({ address, variable }: Proxy, status: number, host: string): string {
  if (status === LOGIN_WANTED)
    return `write user and password into ${variable}: http://USER:PASSWORD@${address}`
  if (status >= 500)
    return `the proxy did not reach ${host}: check that name; if ${host} is reached without a proxy, add it to NO_PROXY (${variable} names the proxy)`
  return `have ${host} allowed on the proxy that ${variable} names; if ${host} is reached without a proxy, add it to NO_PROXY`
}
