/** Azure's reason for a refused request, or the reason for a missing answer. */
export interface Failure {
  /** of HTTP; undefined without an answer */
  readonly status?: number | undefined
  /** of Azure, such as `AuthorizationFailed`; without an answer, of the system, such as `ECONNREFUSED` */
  readonly code?: string | undefined
  readonly message: string
  /** milliseconds */
  readonly retryAfter?: number | undefined
}

/** A temporary failure. The SDK's own error would end a poller; after this one the poller can be asked again. */
export class PassingFailure extends Error implements Failure {
  override readonly name = 'PassingFailure'
  readonly status: number | undefined
  readonly code: string | undefined
  readonly retryAfter: number | undefined

  constructor({ status, code, message, retryAfter }: Failure) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }
}

interface SdkError {
  readonly name?: string
  readonly statusCode?: number
  readonly code?: string
  readonly message?: string
}

/** @returns undefined for an error that is neither an answer of Azure nor a failed connection */
export function failureOf(thrown: unknown): Failure | undefined {
  if (thrown instanceof PassingFailure) return thrown
  const { name, statusCode: status, code, message = '' } = thrown as SdkError
  return name === 'RestError' ? { status, code, message } : undefined
}

/** Reads the error document of ARM: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md#error-response-content */
export function failureIn(status: number, body: string | null | undefined): Failure {
  const { code, message } = errorIn(body ?? '') ?? {}
  return {
    status,
    ...(typeof code === 'string' ? { code } : {}),
    message: typeof message === 'string' ? message : `status ${status}`,
  }
}

function errorIn(body: string): { code?: unknown; message?: unknown } | undefined {
  try {
    return (JSON.parse(body) as { error?: object }).error
  } catch {
    return undefined
  }
}
