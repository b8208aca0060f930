import type { IncomingMessage, ServerResponse } from 'node:http'
import { isGpregError, type ErrorCode } from '../errors.ts'

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export type ApiErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'UNSUPPORTED'
  | 'UNKNOWN'

/** An answer other than what was asked for. Thrown by handlers, written by the router. */
export class ApiError {
  readonly status: number
  readonly code: ApiErrorCode
  readonly message: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: ApiErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.status = status
    this.code = code
    this.message = message
    this.headers = headers
  }
}

/** One request on its way through the handlers. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  readonly url: URL
  /** Fires when the client goes away or the server stops. */
  readonly signal: AbortSignal
}

/** Ends an exchange with headers and, but for HEAD, a small body. */
export function answer(
  { request, response }: Exchange,
  status: number,
  headers: Readonly<Record<string, string | number>> = {},
  body: Uint8Array = new Uint8Array(),
): void {
  // An answer given early leaves a body unread: the connection cannot be used again.
  if (!request.complete && status >= 400) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-length': body.byteLength, ...headers })
  response.end(request.method === 'HEAD' ? undefined : body)
}

export function answerJson(
  exchange: Exchange,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  answer(
    exchange,
    200,
    { 'content-type': 'application/json', ...headers },
    Buffer.from(JSON.stringify(document)),
  )
}

export function answerError(exchange: Exchange, thrown: unknown): void {
  const { status, code, message, headers } = toApiError(thrown)
  if (exchange.response.headersSent) {
    // Half an answer must not look like a whole one.
    exchange.response.destroy()
    return
  }
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }))
  answer(exchange, status, { 'content-type': 'application/json', ...headers }, body)
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
  storage: [507, 'UNKNOWN'],
}

function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (!isGpregError(thrown)) return new ApiError(500, 'UNKNOWN', 'the server failed')
  const [status, code] = STATUS[thrown.code] ?? [500, 'UNKNOWN' as const]
  return new ApiError(status, code, thrown.message)
}
