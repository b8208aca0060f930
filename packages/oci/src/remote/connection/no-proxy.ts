import { BlockList, isIP } from 'node:net'
import { domainToASCII } from 'node:url'

/** Tells whether an address matches one entry of NO_PROXY. @param host a name without a final dot, or an IP address without brackets */
type Rule = (host: string, port: number) => boolean

/** Go never reaches these through a proxy, whatever the variables say. */
const LOOPBACK: readonly Rule[] = [
  host => host === 'localhost',
  networkRule('127.0.0.0', 8, 4),
  networkRule('::1', 128, 6),
]

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/**
 * The hosts that are reached without a proxy. undici's own list has no networks and lets `*.x` and `.x` match differently, so NO_PROXY
 * is read here, as Go reads it: https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export class NoProxy {
  /** Whether no host is reached through a proxy. */
  readonly isAll: boolean
  readonly #rules: readonly Rule[]

  /** @param text the value of NO_PROXY: entries separated by commas (Go) or spaces (curl) */
  constructor(text: string) {
    const entries = text.split(/[,\s]+/).filter(entry => entry !== '')
    this.isAll = entries.includes('*')
    this.#rules = [...LOOPBACK, ...entries.map(entry => ruleOf(entry.toLowerCase()))]
  }

  /** Whether a URL is reached without a proxy. */
  has(url: URL): boolean {
    const host = withoutEnds(url.hostname)
    const port = Number(url.port) || DEFAULT_PORTS[url.protocol] || 0
    return this.#rules.some(matches => matches(host, port))
  }
}

function ruleOf(entry: string): Rule {
  if (entry === '*') return () => true
  const [, network = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? []
  const family = isIP(network)
  if (family !== 0) return networkRule(network, Number(prefix), family)
  const { host, port } = splitPort(entry)
  const matches = hostRule(host)
  return port === undefined ? matches : (asked, askedPort) => askedPort === port && matches(asked, askedPort)
}

/** `host`, `host:port`, `[IPv6]`, `[IPv6]:port`, or an IPv6 address, whose colons separate no port. */
function splitPort(entry: string): { host: string; port?: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  return { host: bracketed ?? plain ?? entry, ...(port === undefined ? {} : { port: Number(port) }) }
}

function hostRule(host: string): Rule {
  const family = isIP(host)
  if (family !== 0) return networkRule(host, family === 4 ? 32 : 128, family)
  const bare = withoutEnds(host).replace(/^\*?\./, '')
  // An entry that is empty, such as the rest of `:80`, matches nothing.
  if (bare === '') return () => false
  const name = /^[\x20-\x7e]*$/.test(bare) ? bare : domainToASCII(bare) || bare
  const isOnlyBelow = /^\*?\./.test(host)
  return asked => isIP(asked) === 0 && (asked.endsWith(`.${name}`) || (!isOnlyBelow && asked === name))
}

/** Matches the addresses of a network. A prefix that no address has matches nothing. */
function networkRule(network: string, prefix: number, family: number): Rule {
  if (prefix > (family === 4 ? 32 : 128)) return () => false
  const addresses = new BlockList()
  addresses.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return asked => {
    const askedFamily = isIP(asked)
    return askedFamily !== 0 && addresses.check(asked, askedFamily === 4 ? 'ipv4' : 'ipv6')
  }
}

/** A host without the brackets of an IPv6 address and without the final dot of a complete name. */
function withoutEnds(host: string): string {
  return host.replace(/^\[|\]$/g, '').replace(/(?<=.)\.$/, '')
}
