import type { Dispatcher } from 'undici'
import type { ErrorCode } from '../../errors.ts'
import type { RetryPolicy } from '../../retry.ts'
import type { ByteStream } from '../../store/content.ts'
import type { Scope } from '../auth/scope.ts'
import type { Proxy } from '../connection/proxies.ts'
import type { Connection } from '../connection/connections.ts'
import { dispatch, type ResponseBody } from './response.ts'

/** One request to a registry. */
export interface ApiRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** A path below `/v2/`, or an absolute URL that the registry gave. */
  readonly url: string | URL
  readonly scopes: readonly Scope[]
  /** Status codes of success; any other status is thrown as an error. */
  readonly expect: readonly number[]
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Bytes, or a function that opens a stream of them. A stream is opened anew after a redirect or a 401, but such a request is not
   * retried, because its owner continues where it broke.
   */
  readonly body?: Uint8Array | (() => Promise<ByteStream>)
  readonly signal?: AbortSignal | undefined
  /** How often the request is sent after some errors, if its owner has another way to go on. */
  readonly patience?: Partial<Record<ErrorCode, RetryPolicy>>
  /** A host that is away as a whole, as during a restart, is waited for, whatever `patience` says. */
  readonly outlastsRestart?: boolean
  /** milliseconds until the first byte of the response; default: the stall time-out */
  readonly answerTimeout?: number
}

export interface ApiResponse {
  readonly status: number
  /** URL of the response, after redirects. */
  readonly url: URL
  header(name: string): string | undefined
  readonly body: ResponseBody
  /** The proxy that may have made this response itself. Through a tunnel only the host responds. */
  readonly proxy?: Proxy | undefined
}

/** Address, connection and credentials of one request. */
export interface Route {
  readonly url: URL
  readonly connection: Connection
  readonly authorization: string | undefined
  readonly signal: AbortSignal
}

const USER_AGENT = 'gpreg/0.1'

/** Headers whose values may be spread over several lines. Of any other one that is there twice the first counts, as in Go. */
const LISTS: ReadonlySet<string> = new Set(['www-authenticate', 'link', 'content-encoding'])

/** Sends one request and waits for the head of its response. @throws errors of undici */
export async function sendRequest(request: ApiRequest, route: Route): Promise<ApiResponse> {
  const { url, connection, authorization, signal } = route
  const options: Dispatcher.DispatchOptions = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: {
      'user-agent': USER_AGENT,
      ...request.headers,
      ...(authorization === undefined ? {} : { authorization }),
    },
    // undici accepts any async iterable of bytes, but its types name only some.
    body: (isStream(request.body)
      ? await request.body()
      : (request.body ?? null)) as Dispatcher.DispatchOptions['body'] & string,
    // By default undici closes the connection after every HEAD, because some servers send a body with it. A new connection
    // costs more than the response, and undici also closes a kept connection that receives unexpected bytes.
    reset: false,
    ...(request.answerTimeout === undefined ? {} : { headersTimeout: request.answerTimeout }),
  }
  const { status, headers, body } = await dispatch(connection.dispatcher, options, signal)
  const header = (name: string) => {
    const value = headers[name]
    if (!Array.isArray(value)) return value
    return LISTS.has(name) ? value.join(', ') : value[0]
  }
  const proxy = url.protocol === 'http:' ? connection.proxy : undefined
  return { status, url, header, body, proxy }
}

export function isStream(body: ApiRequest['body']): body is () => Promise<ByteStream> {
  return typeof body === 'function'
}

/** The path of a request for messages. The query is left out, because upload locations carry signed state there. */
export function describePath(url: string | URL): string {
  if (url instanceof URL) return url.pathname.replace(/^\/v2\//, '')
  const query = url.indexOf('?')
  return (query < 0 ? url : url.slice(0, query)) || '/v2/'
}
