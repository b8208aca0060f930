/** Azure's reason for a refused request, or the reason for a missing answer. */
export interface Failure {
  /** of HTTP; undefined without an answer */
  readonly status?: number | undefined
  /** of Azure, such as `AuthorizationFailed`; without an answer, of the system, such as `ECONNREFUSED` */
  readonly code?: string | undefined
  readonly message: string
  /** milliseconds */
  readonly retryAfter?: number | undefined
  /** An operation ended with it, so asking again changes nothing. */
  readonly isFinal?: boolean | undefined
  /** The answer is no document of Azure: something on the way gave it, such as a proxy. */
  readonly isForeign?: boolean | undefined
}

/** A failure that the transport throws in place of the SDK, whose own error would end a poller; after this one it can be asked again. */
export class TransportFailure extends Error implements Failure {
  override readonly name = 'TransportFailure'
  readonly status: number | undefined
  readonly code: string | undefined
  readonly retryAfter: number | undefined
  readonly isFinal: boolean | undefined
  readonly isForeign: boolean | undefined

  constructor({ status, code, message, retryAfter, isFinal, isForeign }: Failure) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
    this.isFinal = isFinal
    this.isForeign = isForeign
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
  if (thrown instanceof TransportFailure) return thrown
  const { name, statusCode: status, code, message = '' } = thrown as SdkError
  return name === 'RestError' ? { status, code, message } : undefined
}

/** Reads the error document of ARM: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md#error-response-content */
export function failureIn(status: number, body: string | null | undefined): Failure {
  if (isForeign(body)) return foreignFailure(status)
  const { code, message } = errorIn(body ?? '') ?? {}
  return {
    status,
    ...(typeof code === 'string' ? { code } : {}),
    message: typeof message === 'string' ? message : `status ${status}`,
  }
}

/** Quotes nothing: half an answer may end within a secret. */
export function foreignFailure(status: number): Failure {
  return { status, message: `status ${status}, and no answer of Azure`, isForeign: true }
}

/** Whether a body is neither empty nor a document, as all bodies of Azure are. */
export function isForeign(body: string | null | undefined): boolean {
  if (!body?.trim()) return false
  try {
    return typeof JSON.parse(body) !== 'object'
  } catch {
    return true
  }
}

/**
 * The failure with which a long-running operation ended; undefined for any other answer. `Failed` and `Canceled` are the only ends
 * besides success. https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/async-api-reference.md
 */
export function endOfOperation(status: number, body: string | null | undefined): Failure | undefined {
  const state = stateIn(body ?? '')
  if (!/^(?:failed|cancell?ed)$/i.test(state)) return undefined
  const { code = `Operation${state}`, message } = failureIn(status, body)
  const said = message === `status ${status}` ? `the operation is ${state.toLowerCase()}` : message
  return { status, code, message: said, isFinal: true }
}

function stateIn(body: string): string {
  try {
    return String((JSON.parse(body) as { status?: unknown } | null)?.status ?? '')
  } catch {
    return ''
  }
}

function errorIn(body: string): { code?: unknown; message?: unknown } | undefined {
  try {
    return (JSON.parse(body) as { error?: object }).error
  } catch {
    return undefined
  }
}
