import type { Dispatcher } from 'undici'
import type { ByteStream } from '../../store/content.ts'
import { dispatch, type AnswerBody } from './answer.ts'
import type { Scope } from '../auth/authority.ts'

/** What is asked of a registry. */
export interface ApiRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** path below `/v2/`, or a URL that the registry gave */
  readonly target: string | URL
  readonly scopes: readonly Scope[]
  /** status codes that are answers; every other one is an error */
  readonly expect: readonly number[]
  readonly headers?: Readonly<Record<string, string>>
  /** A stream can be sent once: no retry, no second try after a 401. */
  readonly body?: Uint8Array | ByteStream
  readonly signal?: AbortSignal | undefined
  /** milliseconds without any answer; default: the stall time-out */
  readonly answerTimeout?: number
}

export interface ApiResponse {
  readonly status: number
  /** where the answer came from, after redirects */
  readonly url: URL
  header(name: string): string | undefined
  readonly body: AnswerBody
}

/** How one exchange travels. */
export interface Route {
  readonly url: URL
  readonly dispatcher: Dispatcher
  readonly authorization: string | undefined
  readonly signal: AbortSignal
}

const USER_AGENT = 'gpreg/0.1'

/** One request and the head of its answer; errors are those of the HTTP client. */
export async function exchange(request: ApiRequest, route: Route): Promise<ApiResponse> {
  const { url, dispatcher, authorization, signal } = route
  const options: Dispatcher.DispatchOptions = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: {
      'user-agent': USER_AGENT,
      ...request.headers,
      ...(authorization === undefined ? {} : { authorization }),
    },
    // undici takes any async iterable of bytes; its types name only some.
    body: (request.body ?? null) as Dispatcher.DispatchOptions['body'] & string,
    // undici would close the connection after every HEAD, for servers that send a body with it: a new one costs more than
    // the answer, and what comes unasked ends a connection that is kept just as well.
    reset: false,
    ...(request.answerTimeout === undefined ? {} : { headersTimeout: request.answerTimeout }),
  }
  const { status, headers, body } = await dispatch(dispatcher, options, signal)
  const header = (name: string) => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  return { status, url, header, body }
}

export function isStream(body: ApiRequest['body']): body is ByteStream {
  return body !== undefined && !(body instanceof Uint8Array)
}

/** Without the query: upload locations carry signed state there. */
export function describeTarget(target: string | URL): string {
  return target instanceof URL ? target.pathname.replace(/^\/v2\//, '') : target.split('?')[0] || '/v2/'
}
