import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createContext, type Context } from '../context.ts'
import { GpregError } from '../errors.ts'
import { isLoopback } from '../remote/http/endpoint.ts'
import type { ReadableRepository, Store } from '../store/content.ts'
import { respondError, type ApiRequest } from './response.ts'
import { ApiError } from './api-error.ts'
import { parseHtpasswd, type Htpasswd } from './htpasswd.ts'
import { route } from './router.ts'
import { UploadSessions } from './upload-sessions.ts'

export interface RegistryServerOptions {
  readonly readOnly?: boolean
  /** PEM */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** The content of an htpasswd file, bcrypt only. */
  readonly htpasswd?: string
  /** Allows writing from other hosts without TLS and passwords. */
  readonly insecure?: boolean
  readonly onRequest?: (entry: AccessLogEntry) => void
}

export interface AccessLogEntry {
  readonly method: string
  /** without the query */
  readonly path: string
  readonly status: number
  /** bytes of the bodies */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly milliseconds: number
  /** address of the client */
  readonly remote: string
  /** The failure, if the server failed; a mistake of the client shows in the status only. */
  readonly error?: unknown
}

export interface RegistryServer {
  /** Answers one request; for servers that listen themselves. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** @throws `usage` if the server would be open by accident or the address cannot be had */
  listen(host: string, port: number): Promise<ListeningServer>
}

export interface ListeningServer {
  readonly url: string
  readonly port: number
  /** Ends idle connections at once; the others when they are done, or after a few seconds. */
  close(): Promise<void>
}

/** Milliseconds within which the headers of a request must arrive. Bodies may take as long as bytes arrive. */
const HEADERS_TIMEOUT = 30_000
const IDLE_TIMEOUT = 120_000
/** Milliseconds that requests may still take when the server stops. */
const GRACE = 5_000

/** An OCI distribution server over any store. Requests that need a capability which the store lacks are refused. */
export function createRegistryServer(
  store: Store<ReadableRepository>,
  options: RegistryServerOptions = {},
  context: Context = createContext(),
): RegistryServer {
  const users = options.htpasswd === undefined ? undefined : parseHtpasswd(options.htpasswd)

  const uploads = new UploadSessions(() => context.now())
  const stopping = new AbortController()
  const signal = AbortSignal.any([context.signal, stopping.signal])

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = context.now()
    const api = openApiRequest(request, response, uploads, signal)
    let failure: unknown
    try {
      await assertAllowed(users, request)
      await route(api, store, options.readOnly ?? false)
    } catch (error) {
      respondError(api, error)
      if (response.statusCode >= 500 && request.errored === null) failure = error
    }
    const { method, url, traffic } = api
    options.onRequest?.({
      method,
      path: url.pathname,
      status: response.statusCode,
      bytesIn: traffic.in,
      bytesOut: traffic.out,
      milliseconds: context.now() - started,
      remote: request.socket.remoteAddress ?? '',
      ...(failure === undefined ? {} : { error: failure }),
    })
  }

  return {
    handle,
    async listen(host, port) {
      assertNotOpenByAccident(host, options)
      const listener = (request: IncomingMessage, response: ServerResponse) => void handle(request, response)
      const server = await createServer(options.tls, listener)
      server.requestTimeout = 0
      server.headersTimeout = HEADERS_TIMEOUT
      server.keepAliveTimeout = IDLE_TIMEOUT
      server.setTimeout(IDLE_TIMEOUT)
      await startListening(server, host, port)
      const address = server.address() as AddressInfo
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
      return {
        url: `${options.tls ? 'https' : 'http'}://${name}:${address.port}`,
        port: address.port,
        close: () => closeServer(server, stopping),
      }
    },
  }
}

/** Node's server modules are loaded when a server starts, because programs that only copy do not need them. */
async function createServer(tls: RegistryServerOptions['tls'], listener: RequestListener): Promise<Server> {
  return tls
    ? (await import('node:https')).createServer(tls, listener)
    : (await import('node:http')).createServer(listener)
}

/**
 * Refuses to start a registry that everybody on the network may write to.
 * @throws `usage`
 */
export function assertNotOpenByAccident(host: string, options: RegistryServerOptions): void {
  const guarded =
    options.readOnly || options.insecure || (options.tls !== undefined && options.htpasswd !== undefined)
  if (guarded || isLoopback(host)) return
  throw new GpregError('usage', `anybody who reaches ${host} could write to this registry`, {
    hint: 'add --tls-cert, --tls-key and --htpasswd, or --read-only, or listen on 127.0.0.1; --insecure if it is meant',
  })
}

function openApiRequest(
  request: IncomingMessage,
  response: ServerResponse,
  uploads: UploadSessions,
  outer: AbortSignal,
): ApiRequest {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  const url = URL.parse(request.url ?? '/', 'http://registry') ?? new URL('http://registry/')
  return {
    request,
    response,
    url,
    uploads,
    traffic: { in: 0, out: 0 },
    method: request.method ?? 'GET',
    signal: AbortSignal.any([outer, gone.signal]),
  }
}

async function assertAllowed(users: Htpasswd | undefined, { headers }: IncomingMessage): Promise<void> {
  if (users === undefined || (await users.allows(headers.authorization))) return
  throw new ApiError(401, 'UNAUTHORIZED', 'authentication required', {
    'www-authenticate': 'Basic realm="gpreg"',
  })
}

function startListening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new GpregError('usage', `cannot listen on ${host}:${port} (${cause.code})`, {
          cause,
          hint: 'name another address with --listen; port 0 takes a free one',
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}

async function closeServer(server: Server, stopping: AbortController): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  // Connections that become idle while the server stops are closed, too.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const cut = setTimeout(() => {
    stopping.abort()
    server.closeAllConnections()
  }, GRACE)
  await closed
  clearInterval(sweep)
  clearTimeout(cut)
}
