import { GpregError } from '@gpreg/oci'
import { parseAddress } from '@gpreg/oci/engine'

/**
 * Reads a host, also from a pasted URL of its API.
 * @throws `usage`
 */
export function hostOf(text: string): string {
  const bare = text.replace(/^https?:\/\//i, '').replace(/\/(?:v2\/?)?$/, '')
  const { host, path } = parseAddress(bare.toLowerCase())
  if (path === '') return host
  throw new GpregError('usage', `${JSON.stringify(text)} is not host[:port]`, {
    hint: 'name the registry alone, such as registry.internal:5000',
  })
}
