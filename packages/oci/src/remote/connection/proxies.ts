import { GpregError } from '../../errors.ts'
import { NoProxy } from './no-proxy.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A proxy of the environment. */
export interface Proxy {
  /** The variable that names it, as it is spelled: `HTTPS_PROXY` or `https_proxy`. */
  readonly variable: string
  /** `host:port`, for messages: the URL may hold a password. */
  readonly address: string
  /** Its URL, with user and password percent-encoded. */
  readonly url: URL
}

/** The proxies of the environment. */
export interface Proxies {
  /** The one of HTTP_PROXY, for plain HTTP. */
  readonly http: Proxy | undefined
  /** The one of HTTPS_PROXY. */
  readonly https: Proxy | undefined
  /** The proxy that a URL is reached through; undefined if it is reached directly. */
  find(url: URL): Proxy | undefined
}

/**
 * Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY as Go does; a variable in lower case wins, as for curl.
 * @throws `usage` for a proxy that cannot be used
 */
export function readProxies(env: Environment): Proxies {
  const noProxy = new NoProxy(pick(env, 'NO_PROXY')?.value ?? '')
  const [http, https] = ['HTTP_PROXY', 'HTTPS_PROXY'].map(name => {
    const set = pick(env, name)
    return set && parseProxy(set.variable, set.value)
  })
  const all = pick(env, 'ALL_PROXY')
  if (all !== undefined && (http === undefined || https === undefined) && !noProxy.isAll) {
    throw new GpregError('usage', `${all.variable} is not supported, and neither are SOCKS proxies`, {
      hint: `name the proxy in HTTPS_PROXY (and HTTP_PROXY for plain HTTP), or unset ${all.variable}`,
    })
  }
  return {
    http,
    https,
    find: url => {
      const proxy = url.protocol === 'https:' ? https : http
      return proxy === undefined || noProxy.has(url) ? undefined : proxy
    },
  }
}

/** A variable that is set, in either spelling; an empty one counts as not set. */
export function pick(env: Environment, name: string): { variable: string; value: string } | undefined {
  for (const variable of [name.toLowerCase(), name]) {
    const value = env[variable]?.trim()
    if (value) return { variable, value }
  }
  return undefined
}

/**
 * Reads `[scheme://][user:password@]host[:port]`. A password may hold any character except `/ ? #`: the last `@` ends it, as curl has
 * it. No message repeats the value, because it may hold a password.
 */
function parseProxy(variable: string, value: string): Proxy {
  const [, scheme = 'http', rest = ''] = /^(?:([a-z][a-z\d+.-]*):\/\/)?(.*)$/is.exec(value) ?? []
  if (/^socks/i.test(scheme)) {
    throw new GpregError('usage', `${variable} names a SOCKS proxy (${scheme}://), which is not supported`, {
      hint: `name an HTTP proxy, e.g. ${variable}=http://proxy.corp:3128`,
    })
  }
  const [authority = ''] = rest.split(/[/?#]/, 1)
  const at = authority.lastIndexOf('@')
  const host = authority.slice(at + 1)
  const url = /[\s\\]/.test(host) || !/^https?$/i.test(scheme) ? null : URL.parse(`${scheme}://${host}`)
  if (url === null) {
    throw new GpregError('usage', `${variable} is not the URL of a proxy`, {
      hint: `write ${variable}=http://HOST:PORT or http://USER:PASSWORD@HOST:PORT; percent-encode / ? and # in the password`,
    })
  }
  const address = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`
  if (at >= 0) {
    const [user = '', ...password] = authority.slice(0, at).split(':')
    url.username = encodeURIComponent(decode(user))
    url.password = encodeURIComponent(decode(password.join(':')))
  }
  return { variable, address, url }
}

/** Decodes what is percent-encoded. A `%` that begins no code stands for itself, as for curl. */
function decode(text: string): string {
  const codes = /(?:%[\da-f]{2})+/gi
  return text.replace(codes, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString()).toWellFormed()
}
