import { once } from 'node:events'
import {
  Agent as HttpAgent,
  createServer as createHttpServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, createServer as createHttpsServer, request as httpsRequest } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { Transform } from 'node:stream'
import type { Certificates } from '@gpreg/oci/testing'

/** One request and its answer. Byte counts are those of the bodies. */
export interface Exchange {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly kind: 'blob' | 'upload' | 'manifest' | 'other'
  /** status code; 0 until the answer begins */
  status: number
  received: number
  sent: number
  /** true if the answer was sent completely */
  complete: boolean
  /** true if the connection is done with this request, with or without an answer */
  closed: boolean
}

export interface Forwarding {
  /** Receives the registry's answer, which is then not sent to the client. */
  readonly answer?: (upstream: IncomingMessage) => void
  /** Number of bytes of the request's body after which the transfer stops for good. */
  readonly bodyLimit?: number
}

/** Handles a request before the registry receives it. It either answers the request or calls `forward`. */
export type Interceptor = (meeting: {
  readonly exchange: Exchange
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Forwards the request to the registry. */
  forward(how?: Forwarding): void
}) => void

export interface ReverseProxyOptions {
  /** URL of the registry */
  readonly to: URL
  /** Certificates for TLS to clients, and to a registry that uses it. */
  readonly certificates?: Certificates | undefined
  readonly intercept?: Interceptor
}

export interface ReverseProxy extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  readonly exchanges: readonly Exchange[]
  /** Number of exchanges with this method and kind. */
  count(filter: { readonly method?: string; readonly kind?: Exchange['kind'] }): number
  /** Resolves as soon as the predicate holds for the exchanges so far. */
  until(wanted: (exchanges: readonly Exchange[]) => boolean): Promise<void>
  /** Removes all recorded exchanges. */
  clear(): void
  stop(): Promise<void>
}

/**
 * Starts a proxy in front of a registry. It keeps the Host header, so that the Locations of the registry lead to the
 * proxy.
 */
export async function startReverseProxy({
  to,
  certificates,
  intercept,
}: ReverseProxyOptions): Promise<ReverseProxy> {
  const exchanges: Exchange[] = []
  const waiting = new Set<() => void>()
  const sockets = new Set<Socket>()
  const sendOn = requestSender(to, certificates)
  const changed = () => waiting.forEach(look => look())

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const exchange = exchangeOf(request)
    exchanges.push(exchange)
    response.on('close', () => {
      exchange.complete = response.writableFinished
      exchange.closed = true
      exchange.status ||= response.headersSent ? response.statusCode : 0
      changed()
    })
    const forward = ({ answer, bodyLimit = Infinity }: Forwarding = {}) => {
      const upstream = sendOn(request)
      const give = (incoming: IncomingMessage) => {
        exchange.status = incoming.statusCode ?? 0
        if (answer) return answer(incoming)
        response.writeHead(incoming.statusCode ?? 502, endToEnd(incoming))
        incoming.on('error', () => response.destroy())
        incoming.pipe(counting(bytes => (exchange.sent += bytes))).pipe(response)
      }
      upstream.on('response', give).on('error', () => response.destroy())
      response.on('close', () => upstream.destroy())
      request.on('error', () => upstream.destroy())
      const received = counting(bytes => {
        exchange.received += bytes
        changed()
      })
      request.pipe(firstBytes(bodyLimit)).pipe(received).pipe(upstream)
    }
    if (intercept) intercept({ exchange, request, response, forward })
    else forward()
    changed()
  }

  const server = certificates
    ? createHttpsServer({ cert: certificates.cert, key: certificates.key }, serve)
    : createHttpServer(serve)
  // Clients keep connections open. A test that stalls a connection must be able to close it.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const stop = async () => {
    server.close()
    sockets.forEach(socket => socket.destroy())
  }
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    count: ({ method, kind }) =>
      exchanges.filter(one => (method ?? one.method) === one.method && (kind ?? one.kind) === one.kind)
        .length,
    until: wanted =>
      new Promise(resolve => {
        const look = () => {
          if (!wanted(exchanges)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    clear: () => void (exchanges.length = 0),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Number of bytes of uploads that arrived, including incomplete uploads. */
export function uploadedBytes(exchanges: readonly Exchange[]): number {
  return exchanges.filter(({ kind }) => kind === 'upload').reduce((sum, one) => sum + one.received, 0)
}

/** Makes a stream that counts the bytes that pass. */
export function counting(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count(chunk.length)
      done(null, chunk)
    },
  })
}

/** Makes a stream that passes this many bytes and then stops. */
function firstBytes(limit: number): Transform {
  let left = limit
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (chunk.length <= left) {
        left -= chunk.length
        return done(null, chunk)
      }
      this.push(chunk.subarray(0, left))
      left = 0
    },
  })
}

function requestSender(to: URL, certificates?: Certificates): (request: IncomingMessage) => ClientRequest {
  const isSecure = to.protocol === 'https:'
  const agent = isSecure
    ? new HttpsAgent({ keepAlive: true, ...(certificates ? { ca: certificates.ca } : {}) })
    : new HttpAgent({ keepAlive: true })
  const send = isSecure ? httpsRequest : httpRequest
  return ({ method, url, headers: { expect: _, connection: __, ...headers } }) =>
    send({ agent, host: to.hostname, port: to.port, method, path: url, headers })
}

/** The headers of an answer without those that concern a single connection. */
export function endToEnd({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter(
    (_, at) => !/^(connection|keep-alive|transfer-encoding)$/i.test(rawHeaders[at - (at % 2)]!),
  )
}

function exchangeOf(request: IncomingMessage): Exchange {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://proxy')
  const asked = { method: request.method ?? '', path: pathname, query: searchParams, kind: kindOf(pathname) }
  return { ...asked, status: 0, received: 0, sent: 0, complete: false, closed: false }
}

function kindOf(path: string): Exchange['kind'] {
  if (/\/blobs\/uploads\//.test(path)) return 'upload'
  if (/\/blobs\/[^/]+$/.test(path)) return 'blob'
  return /\/manifests\/[^/]+$/.test(path) ? 'manifest' : 'other'
}
