import type { IncomingMessage, ServerResponse } from 'node:http'
import { createContext, type Context } from '../context.ts'
import { GpregError, isGpregError } from '../errors.ts'
import { isLoopback } from '../remote/connection/endpoint.ts'
import type { ReadableRepository, Store } from '../store/content.ts'
import { respond, respondError, type ApiRequest } from './response.ts'
import { ApiError } from './api-error.ts'
import { parseHtpasswd, type Htpasswd } from './login/htpasswd.ts'
import { startListening, type ListeningServer } from './listening.ts'
import { route } from './router.ts'
import type { RenewableTls } from './tls-renewal.ts'
import { UploadSessions } from './upload-sessions.ts'

export interface RegistryServerOptions {
  readonly readOnly?: boolean
  readonly tls?: RenewableTls
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

export type { ListeningServer } from './listening.ts'

export interface RegistryServer {
  /** Answers one request; for servers that listen themselves. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** @throws `usage` if the server would be open by accident or the address cannot be had */
  listen(host: string, port: number): Promise<ListeningServer>
}

/** Milliseconds between two looks for abandoned uploads. */
const SWEEP = 10 * 60_000

/** An OCI distribution server over any store. Requests that need a capability which the store lacks are refused. */
export function createRegistryServer(
  store: Store<ReadableRepository>,
  options: RegistryServerOptions = {},
  context: Context = createContext(),
): RegistryServer {
  const users = options.htpasswd === undefined ? undefined : parseHtpasswd(options.htpasswd)

  const uploads = new UploadSessions(() => context.now())
  const readOnly = options.readOnly ?? false
  const stopping = new AbortController()
  const signal = AbortSignal.any([context.signal, stopping.signal])

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = context.now()
    const api = openApiRequest(request, response, uploads, signal)
    let failure: unknown
    try {
      assertOneHost(request)
      if (api.url.pathname === '/healthz') respondHealthy(api)
      else {
        await assertAllowed(users, api)
        await route(api, store, readOnly)
      }
    } catch (error) {
      // An answer that has begun says 200, and is cut.
      const isCut = response.headersSent && isGpregError(error) && error.code !== 'aborted'
      respondError(api, error)
      if (isCut || (response.statusCode >= 500 && request.errored === null)) failure = error
    }
    options.onRequest?.(servedRequest(api, context.now() - started, failure))
  }

  return {
    handle,
    async listen(host, port) {
      assertNotOpenByAccident(host, options)
      const listening = await startListening(
        { host, port, tls: options.tls },
        (request, response) => void handle(request, response),
        stopping,
        context,
      )
      const sweep = setInterval(() => {
        // Uploads that cannot be removed now are tried again the next time.
        uploads.expire(readOnly ? undefined : store).catch(() => {})
      }, SWEEP).unref()
      return {
        ...listening,
        async close() {
          clearInterval(sweep)
          await listening.close()
        },
      }
    },
  }
}

function servedRequest(api: ApiRequest, milliseconds: number, failure: unknown): AccessLogEntry {
  const { method, url, traffic, response, client } = api
  return {
    method,
    path: url.pathname,
    status: response.statusCode,
    bytesIn: traffic.in,
    bytesOut: traffic.out,
    milliseconds,
    remote: client,
    ...(failure === undefined ? {} : { error: failure }),
  }
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
    client: request.socket.remoteAddress ?? '',
    traffic: { in: 0, out: 0 },
    method: request.method ?? 'GET',
    signal: AbortSignal.any([outer, gone.signal]),
  }
}

/**
 * Refuses a request with two `Host` headers. Node would use the first one; a proxy before this server may use the other, and so let
 * a request through that it means to hold back. https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
function assertOneHost({ rawHeaders }: IncomingMessage): void {
  const hosts = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host')
  if (hosts.length > 1)
    throw new ApiError(400, 'UNSUPPORTED', 'a request has one Host header', { connection: 'close' })
}

/** Tells probes, which have no login, that the server answers. */
function respondHealthy(api: ApiRequest): void {
  if (api.method !== 'GET' && api.method !== 'HEAD')
    throw new ApiError(405, 'UNSUPPORTED', `${api.method} is not for this`, { allow: 'GET, HEAD' })
  respond(api, 200, { 'content-type': 'text/plain' }, Buffer.from('ok\n'))
}

async function assertAllowed(users: Htpasswd | undefined, { request, client }: ApiRequest): Promise<void> {
  if (users === undefined || (await users.allows(request.headers.authorization, client))) return
  throw new ApiError(401, 'UNAUTHORIZED', 'authentication required', {
    'www-authenticate': 'Basic realm="gpreg"',
  })
}
