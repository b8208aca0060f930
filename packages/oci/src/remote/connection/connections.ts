import type { buildConnector, Dispatcher } from 'undici'
import { largeReads } from '../../machine/socket-reads.ts'
import { readProxies, type Proxy } from './proxies.ts'
import { Trust, type TrustOptions } from './trust.ts'
import type { Context } from '../../context.ts'

export interface ConnectionOptions extends TrustOptions {
  /** milliseconds */
  readonly stallTimeout: number
}

/** milliseconds to connect, TLS included */
const CONNECT_TIMEOUT = 20_000

/**
 * Milliseconds to connect to one of several addresses of a name, before the next one is tried. Node's 250 are too few for a distant
 * registry: it then gives up on the address that works, and fails with the one that is left, such as that of a network without IPv6.
 */
const ATTEMPT_TIMEOUT = 2_500

/** Bytes of the head of a response at most. */
const MAX_HEADERS = 256 * 1024

/** The connections to one host, and the proxy that they go through. */
export interface Connection {
  readonly dispatcher: Dispatcher
  readonly proxy?: Proxy | undefined
  /** Where authorities for the host were looked for, for messages. */
  readonly trustPlaces?: readonly string[] | undefined
}

/** Connections by host, each with its own authorities and client certificate, through the proxies of the environment. */
export interface Connections {
  /** @param host the host as certificates are configured for it; it differs from the host of the URL for Docker Hub */
  to(host: string, url: URL): Promise<Connection>
  close(): Promise<void>
}

/** @throws `usage` for a proxy that cannot be used; `input-unreadable`, `input-invalid` for files that hold no certificate */
export async function openConnections(
  options: ConnectionOptions,
  context: Pick<Context, 'emit'>,
): Promise<Connections> {
  const { stallTimeout, env } = options
  const proxies = readProxies(env)
  // Loaded when connections are wanted, because it is the largest part of a program that may want none.
  const [undici, store] = await Promise.all([import('undici'), Trust.open(options, context)])
  const opened = new Map<string, Promise<Connection>>()
  const pool = {
    bodyTimeout: stallTimeout,
    headersTimeout: stallTimeout,
    // HTTP/1.1, one connection for each stream: with HTTP/2 one lost packet would stall all layers of a host.
    allowH2: false,
    // Node's 16 KiB are too few where a proxy adds policies and cookies; Go's clients take more.
    maxHeaderSize: MAX_HEADERS,
    keepAliveTimeout: 30_000,
  }

  const open = async (host: string, url: URL, proxy: Proxy | undefined): Promise<Connection> => {
    const trust = url.protocol === 'https:' ? await store.of(host) : undefined
    const [hostTls, trustPlaces] = [trust?.tls ?? {}, trust?.places]
    if (proxy === undefined) {
      const tcp = { timeout: CONNECT_TIMEOUT, autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT }
      const connect = endingWithError(
        undici.buildConnector({ allowH2: false, ...tcp, ...largeReads, ...hostTls }),
      )
      return { trustPlaces, dispatcher: new undici.Agent({ ...pool, connect }) }
    }
    const proxyTls = proxy.url.protocol === 'https:' ? (await store.of(proxy.url.host)).tls : {}
    const agent = { proxy, connectTimeout: CONNECT_TIMEOUT, pool, proxyTls, hostTls }
    const { openProxyAgent } = await import('./proxy-agent.ts')
    return { proxy, trustPlaces, dispatcher: openProxyAgent(agent) }
  }

  return {
    to(host, url) {
      const proxy = proxies.find(url)
      // The same host may be reached by both schemes, and under another name: a proxy may be for one of them only.
      const key = `${host} ${url.protocol} ${proxy === undefined ? 'direct' : 'proxy'}`
      const connection = opened.get(key) ?? open(host, url, proxy)
      opened.set(key, connection)
      return connection
    },
    async close() {
      const all = await Promise.allSettled(opened.values())
      await Promise.all(
        all.map(connection => connection.status === 'fulfilled' && connection.value.dispatcher.destroy()),
      )
    },
  }
}

/**
 * Ends a connection at its first error. A server that refuses a client certificate says why in an alert and hangs up, and undici would
 * only tell the latter.
 */
function endingWithError(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null)
      socket.on('error', reason => socket.destroy(reason))
      return callback(null, socket)
    })
}
