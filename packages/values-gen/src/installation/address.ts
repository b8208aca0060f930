import { hostOfAddress } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { formatPrefix, isHostLike, isLoopback, parseAddress, parsePrefix, quirksOf } from '@gpreg/oci/engine'

/** What to do about a registry with plain HTTP. */
export const NEEDS_HTTPS = 'give it a certificate, and write host[:port][/path] without a scheme'

/**
 * Writes an address as the installer wants it, without a slash at its end.
 * @throws `usage`
 */
export function normaliseAddress(text: string): string {
  refusePlainHttp(text, 'image builds, registry-facade and pods talk https to a registry')
  return formatPrefix(parseAddress(text))
}

/**
 * Writes the address of a mirror, whose first segment Docker must read as a host.
 * @throws `usage`
 */
export function mirrorAddress(text: string): string {
  refusePlainHttp(text, 'pods pull from a mirror by https')
  return formatPrefix(parsePrefix(text))
}

function refusePlainHttp(text: string, why: string): void {
  // A login before the host is refused, and not shown, where the address is parsed.
  if (!/^http:\/\//i.test(text) || text.includes('@')) return
  throw new GpregError('usage', `${text} cannot work with plain HTTP: ${why}`, { hint: NEEDS_HTTPS })
}

/** True if {@link normaliseAddress} takes the text. */
export function isAddress(text: string): boolean {
  try {
    parseAddress(text)
    return true
  } catch {
    return false
  }
}

/**
 * Reads `host[:port]` of an S3 service.
 * @throws `usage`
 */
export function parseEndpoint(text: string): string {
  refusePlainHttp(text, "the installer's charts talk https to S3")
  const { host, path } = parseAddress(text)
  if (path === '') return host
  throw new GpregError('usage', `${JSON.stringify(text)} is not an endpoint: it has a path`, {
    hint: `the bucket has a flag of its own; write ${host}`,
  })
}

/** True if Docker and the installer read the first segment of an address as a host, not as a path on Docker Hub. */
export function startsWithHost(address: string): boolean {
  return isHostLike(hostOfAddress(address).toLowerCase())
}

/** True if the host is the machine that asks: every pod then looks for the registry in itself. */
export function isLoopbackAddress(address: string): boolean {
  return isLoopback(hostOfAddress(address).toLowerCase().replace(/:\d+$/, ''))
}

export function isEcr(address: string): boolean {
  return quirksOf(hostOfAddress(address)).kind === 'ecr'
}
