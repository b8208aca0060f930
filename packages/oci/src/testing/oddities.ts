import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { answer, type Oddity } from './odd-registry.ts'

/** True if the request has one of the methods (separated by spaces) and its URL matches. */
export function isFor({ method, url }: IncomingMessage, methods: string, pattern: RegExp): boolean {
  return methods.split(' ').includes(method!) && pattern.test(url!)
}

/** Answers matching requests with a status. */
export function refusing(
  methods: string,
  url: RegExp,
  status: number,
  body = '',
  headers: Readonly<Record<string, string>> = {},
): Oddity {
  return (request, response) => {
    if (!isFor(request, methods, url)) return false
    request.resume()
    return answer(response, status, body, headers)
  }
}

/** Closes the connection of matching requests without an answer. */
export function hangingUp(methods: string, url: RegExp): Oddity {
  return request => {
    if (!isFor(request, methods, url)) return false
    request.socket.destroy()
    return true
  }
}

/** Sends matching requests elsewhere. */
export function redirecting(
  methods: string,
  url: RegExp,
  status: number,
  to: (request: IncomingMessage) => string,
): Oddity {
  return (request, response) => {
    if (!isFor(request, methods, url)) return false
    request.resume()
    return answer(response, status, '', { location: to(request) })
  }
}

/** Status and headers of an answer. The names of headers are lower case. */
export interface Head {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
}

/** Changes status and headers of the answers to matching requests, and leaves the answer itself to the registry. */
export function rewriting(
  methods: string,
  url: RegExp,
  change: (head: Head, request: IncomingMessage) => Partial<Head>,
): Oddity {
  return (request, response) => {
    if (!isFor(request, methods, url)) return false
    const writeHead = response.writeHead.bind(response) as (...head: [number, object]) => ServerResponse
    response.writeHead = ((status: number, headers: OutgoingHttpHeaders = {}) => {
      const changed = change({ status, headers }, request)
      return writeHead(changed.status ?? status, changed.headers ?? headers)
    }) as typeof response.writeHead
    return false
  }
}

/** Removes headers from the answers to matching requests. */
export function withoutHeaders(methods: string, url: RegExp, ...names: string[]): Oddity {
  return rewriting(methods, url, ({ headers }) => ({
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name))),
  }))
}

/** Encodes the bodies of responses, as a proxy that was set up for web pages. */
export function compressing(encode: (bytes: Buffer) => Buffer, coding: string): Oddity {
  return ({ url, method }, response) => {
    if (method !== 'GET' || !/\/(manifests|blobs)\//.test(url!)) return false
    const chunks: Buffer[] = []
    const [writeHead, end] = [response.writeHead.bind(response), response.end.bind(response)]
    response.write = ((chunk: Buffer) => chunks.push(Buffer.from(chunk)) > 0) as typeof response.write
    response.writeHead = ((status: number, headers: Record<string, string>) => {
      response.end = ((chunk?: Buffer) => {
        const body = encode(Buffer.concat([...chunks, Buffer.from(chunk ?? '')]))
        writeHead(status, { ...headers, 'content-length': body.byteLength, 'content-encoding': coding })
        return end(body)
      }) as typeof response.end
      return response
    }) as typeof response.writeHead
    return false
  }
}

const noReferrers = refusing('GET', /\/referrers\//, 404)
const noSubject = withoutHeaders('PUT', /\/manifests\//, 'oci-subject')

/** A registry before OCI 1.1: no referrers API, and no `OCI-Subject` header. */
export const withoutReferrersApi: Oddity = (request, response) =>
  noReferrers(request, response) || noSubject(request, response)
