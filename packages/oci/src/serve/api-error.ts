/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export type ApiErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'SIZE_INVALID'
  | 'TOOMANYREQUESTS'
  | 'UNAUTHORIZED'
  | 'UNSUPPORTED'
  | 'UNKNOWN'

/** An answer that tells a failure. Handlers throw it, and the server writes it. */
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
