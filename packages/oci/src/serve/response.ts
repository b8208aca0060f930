import type { IncomingMessage, ServerResponse } from 'node:http'
import { isGpregError, type ErrorCode } from '../errors.ts'
import type { ByteStream } from '../store/content.ts'
import { ApiError, type ApiErrorCode } from './api-error.ts'
import type { UploadSessions } from './upload-sessions.ts'

/** One request on its way through the handlers. */
export interface ApiRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  readonly url: URL
  readonly uploads: UploadSessions
  /** Address of the client. */
  readonly client: string
  /** Counts bytes of the bodies, for the access log. */
  readonly traffic: { in: number; out: number }
  /** Fires when the client goes away or the server stops. */
  readonly signal: AbortSignal
}

/** The body of a request as a stream. A handler that stops reading early can still answer, because the connection stays open. */
export async function* bodyOf({ request, traffic }: ApiRequest): ByteStream {
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    traffic.in += chunk.byteLength
    yield chunk
  }
}

/** Sends the answer: headers and, except for HEAD, a small body. */
export function respond(
  { request, response, traffic }: ApiRequest,
  status: number,
  headers: Readonly<Record<string, string | number>> = {},
  body: Uint8Array = new Uint8Array(),
): void {
  if (!request.complete && status >= 400) cutLater(request)
  response.writeHead(status, { 'content-length': body.byteLength, ...headers })
  if (request.method === 'HEAD') response.end()
  else {
    traffic.out += body.byteLength
    response.end(body)
  }
}

/**
 * Milliseconds for which a refused client may go on sending. The bytes are discarded, so that the client can read the refusal and
 * use the connection again.
 */
const LINGER = 5_000

function cutLater(request: IncomingMessage): void {
  request.resume()
  const timer = setTimeout(() => request.socket.destroy(), LINGER).unref()
  request.once('close', () => clearTimeout(timer))
}

export function respondJson(
  api: ApiRequest,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  respond(api, 200, { 'content-type': 'application/json', ...headers }, Buffer.from(JSON.stringify(document)))
}

export function respondError(api: ApiRequest, thrown: unknown): void {
  const { status, code, message, headers } = toApiError(thrown)
  if (api.response.headersSent) {
    // The connection is cut, so that half an answer does not look like a whole one.
    api.response.destroy()
    return
  }
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }))
  respond(api, status, { 'content-type': 'application/json', ...headers }, body)
}

const STATUS: Partial<Record<ErrorCode, readonly [number, ApiErrorCode]>> = {
  'blob-unknown': [404, 'MANIFEST_BLOB_UNKNOWN'],
  'digest-invalid': [400, 'DIGEST_INVALID'],
  'digest-mismatch': [400, 'DIGEST_INVALID'],
  'size-mismatch': [400, 'SIZE_INVALID'],
  'manifest-invalid': [400, 'MANIFEST_INVALID'],
  'manifest-unsupported': [400, 'MANIFEST_INVALID'],
  'manifest-too-large': [413, 'MANIFEST_INVALID'],
  'not-found': [404, 'MANIFEST_UNKNOWN'],
  forbidden: [403, 'DENIED'],
  storage: [507, 'UNKNOWN'],
  aborted: [503, 'UNKNOWN'],
}

const FAILED = 'the registry failed; its log says why'

const OUR_FAULT: Readonly<Record<number, string>> = {
  503: 'the registry is stopping',
  507: 'the registry cannot write; its disk may be full',
}

const NOT_HERE = 'this is not in the registry'

function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (!isGpregError(thrown)) return new ApiError(500, 'UNKNOWN', FAILED)
  const [status, code] = STATUS[thrown.code] ?? [500, 'UNKNOWN' as const]
  // Errors of the server are written to its log; the client gets a general message.
  if (status >= 500) return new ApiError(status, code, OUR_FAULT[status] ?? FAILED)
  if (thrown.subject.path === undefined) return new ApiError(status, code, thrown.message)
  // The message may name a file of the server. Unless content is only absent, a file of the server is damaged.
  return status === 404 ? new ApiError(status, code, NOT_HERE) : new ApiError(500, 'UNKNOWN', FAILED)
}
