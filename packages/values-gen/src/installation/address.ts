import { hostOfAddress } from '@gpreg/core'
import { GpregError, quirksOf } from '@gpreg/oci'

/**
 * Reads `host[:port][/path]` of a registry as the installer wants it: no scheme, no upper case, no slash at the end.
 * @throws `usage`
 */
export function parseAddress(text: string, flag: string): string {
  const refuse = (why: string, hint: string) =>
    new GpregError('usage', `${flag} ${JSON.stringify(text)}: ${why}`, { hint })
  const scheme = /^[a-z]+:\/\//i.exec(text)?.[0]
  if (scheme !== undefined)
    throw refuse('the installer wants no scheme here', `leave it out: ${text.slice(scheme.length)}`)
  if (text !== text.toLowerCase())
    throw refuse('names of registries and repositories are lower case', `write ${text.toLowerCase()}`)
  const address = text.replace(/\/+$/, '')
  if (!/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[a-f0-9:]+\])(?::\d{1,5})?(?:\/[a-z0-9._/-]+)?$/.test(address))
    throw refuse('this is not host[:port][/path]', 'write it as registry.internal:5000/gitpod')
  return address
}

/**
 * Reads `host[:port]` of an S3 service.
 * @throws `usage`
 */
export function parseEndpoint(text: string, flag: string): string {
  const endpoint = parseAddress(text, flag)
  if (endpoint.includes('/')) {
    throw new GpregError('usage', `${flag} ${JSON.stringify(text)}: an endpoint has no path`, {
      hint: `the bucket has a flag of its own; write ${endpoint.split('/')[0]}`,
    })
  }
  return endpoint
}

/** True where Docker and the installer read the text's first segment as a host, not as a path on Docker Hub. */
export function namesHost(address: string): boolean {
  const host = address.split('/', 1)[0]!
  return host.includes('.') || host.includes(':') || host === 'localhost'
}

export function isEcr(address: string): boolean {
  return quirksOf(hostOfAddress(address)).kind === 'ecr'
}
