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
import type { Certificates } from './certificates.ts'

/** One request that passed, and its answer. Bytes are those of the bodies, counted as they pass. */
export interface Exchange {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly kind: 'blob' | 'upload' | 'manifest' | 'other'
  /** 0 until the answer begins */
  status: number
  received: number
  sent: number
  /** the answer has gone out whole */
  complete: boolean
  /** it is over, one way or another */
  closed: boolean
}

export interface Forwarding {
  /** Takes the registry's answer instead of it being passed back. */
  readonly answer?: (upstream: IncomingMessage) => void
  /** After so many bytes of the request's body nothing moves any more. */
  readonly bodyLimit?: number
}

/** Meets a request before the registry does; answers it itself, or calls `forward`. */
export type Interceptor = (meeting: {
  readonly exchange: Exchange
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Passes the request on. */
  forward(how?: Forwarding): void
}) => void

export interface ReverseProxyOptions {
  /** where the registry is */
  readonly to: URL
  /** Speaks TLS on both sides with these. */
  readonly certificates?: Certificates | undefined
  readonly intercept?: Interceptor
}

export interface ReverseProxy extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  readonly exchanges: readonly Exchange[]
  /** Exchanges by method and kind. */
  count(filter: { readonly method?: string; readonly kind?: Exchange['kind'] }): number
  /** Resolves as soon as the exchanges are as wanted. */
  until(wanted: (exchanges: readonly Exchange[]) => boolean): Promise<void>
  /** Forgets what was counted. */
  clear(): void
  stop(): Promise<void>
}

/** Stands before a registry under the registry's own eyes: the Host header is kept, so that Locations lead back here. */
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
  // Clients pool connections; a test that stalls one on purpose must be able to end it.
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

/** Bytes of uploads that came, whole or not. */
export function uploadedBytes(exchanges: readonly Exchange[]): number {
  return exchanges.filter(({ kind }) => kind === 'upload').reduce((sum, one) => sum + one.received, 0)
}

/** Counts what passes. */
export function counting(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count(chunk.length)
      done(null, chunk)
    },
  })
}

/** Passes so many bytes, and then takes no more. */
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
  const agent = certificates
    ? new HttpsAgent({ keepAlive: true, ca: certificates.ca })
    : new HttpAgent({ keepAlive: true })
  const send = certificates ? httpsRequest : httpRequest
  return ({ method, url, headers: { expect: _, connection: __, ...headers } }) =>
    send({ agent, host: to.hostname, port: to.port, method, path: url, headers })
}

/** The answer's headers but those that are about one connection. */
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
