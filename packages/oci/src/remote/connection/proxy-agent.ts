import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Pool, ProxyAgent, type buildConnector, type Dispatcher } from 'undici'
import type { Proxy } from './proxies.ts'
import { ProxyError } from './proxy-error.ts'

/** TLS of one end: of the proxy, or of the host behind it. */
export type TlsEnd = Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized'>

export interface ProxyAgentOptions {
  readonly proxy: Proxy
  /** milliseconds */
  readonly connectTimeout: number
  /** Options of every pool of connections. */
  readonly pool: Pool.Options
  readonly proxyTls: TlsEnd
  readonly hostTls: TlsEnd
}

/**
 * Connections through a proxy: a tunnel to https URLs, requests in absolute form for http URLs. undici's agent does not tell a failure
 * of the proxy from one of the host, so the places where it speaks to the proxy are wrapped to throw {@link ProxyError}.
 */
export function openProxyAgent(options: ProxyAgentOptions): Dispatcher {
  const { proxy, connectTimeout, pool, proxyTls, hostTls } = options
  const toProxy = (own: Pool.Options): Pool.Options => ({
    ...pool,
    ...own,
    connect: connectingTo(proxy, own.connect as buildConnector.connector),
  })
  return new ProxyAgent({
    ...pool,
    uri: proxy.url.href,
    connectTimeout,
    proxyTls,
    requestTls: hostTls,
    clientFactory: (origin, own) => new TunnelPool(origin, toProxy(own), proxy),
    // For http URLs undici opens the pool at the address of the proxy, and for https URLs at that of the host.
    factory: (origin, own: Pool.Options) =>
      new Pool(origin, String(origin) === proxy.url.href ? toProxy(own) : { ...pool, ...own }),
  })
}

/** Opens tunnels. Whatever keeps a tunnel from being opened is a failure of the proxy. */
class TunnelPool extends Pool {
  readonly #proxy: Proxy

  constructor(origin: URL, options: Pool.Options, proxy: Proxy) {
    super(origin, options)
    this.#proxy = proxy
  }

  override connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData>
  override connect(options: Dispatcher.ConnectOptions, callback: never): void
  override async connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> {
    const response = await super.connect(options).catch((thrown: unknown) => {
      throw thrown instanceof ProxyError ? thrown : new ProxyError(this.#proxy, undefined, thrown)
    })
    if (response.statusCode === 200) return response
    response.socket.on('error', () => {}).destroy()
    throw new ProxyError(this.#proxy, response.statusCode)
  }
}

/** Connects to the proxy itself. undici gives its address as the TLS server name, which Node refuses if it is an IP address. */
function connectingTo(proxy: Proxy, connect: buildConnector.connector): buildConnector.connector {
  return ({ servername = '', ...options }, callback) =>
    connect(
      isIP(servername.replace(/^\[|\]$/g, '')) === 0 ? { ...options, servername } : options,
      (...[error, socket]) =>
        error === null ? callback(null, socket) : callback(new ProxyError(proxy, undefined, error), null),
    )
}
