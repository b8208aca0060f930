import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

/**
 * Loopback, link-local, private and shared addresses. https://www.iana.org/assignments/iana-ipv4-special-registry,
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const PRIVATE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6')

/** Names that public DNS does not have. */
const INTERNAL_NAME = /(?:^|\.)(?:internal|local|localhost|lan|corp|home\.arpa|intranet|test)$/i

/** Whether a host is `localhost` or the literal of a private address. */
export function isPrivateLiteral(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (/^(?:.*\.)?localhost$/i.test(bare)) return true
  const family = isIP(bare)
  return family !== 0 && PRIVATE.check(bare, family === 4 ? 'ipv4' : 'ipv6')
}

/**
 * Whether a host is in a private network: by its address, by its name, or because its name resolves only to private addresses.
 */
export async function isPrivateHost(
  hostname: string,
  resolve: (hostname: string) => Promise<readonly string[]> = resolveAll,
): Promise<boolean> {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0) return isPrivateLiteral(bare)
  if (!bare.includes('.') || INTERNAL_NAME.test(bare)) return true
  const addresses = await resolve(bare).catch(() => [])
  return addresses.length > 0 && addresses.every(isPrivateLiteral)
}

async function resolveAll(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address)
}
