import { hostOfAddress } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { formatPrefix, isHostLike, parseAddress, quirksOf } from '@gpreg/oci/engine'

/**
 * Writes an address as the installer wants it, without a slash at its end.
 * @throws `usage`
 */
export function normaliseAddress(text: string): string {
  return formatPrefix(parseAddress(text))
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

export function isEcr(address: string): boolean {
  return quirksOf(hostOfAddress(address)).kind === 'ecr'
}
