import { Status } from 'google-gax'

/** Google's reason for a refused call. */
export interface Failure {
  readonly code: Status
  readonly message: string
  /** https://google.aip.dev/193#errorinfo */
  readonly reason?: string
  /** The answer is no document of Google: something on the way gave it, such as a proxy. */
  readonly isForeign?: true
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto, as JSON, and as the SDK reads operations */
interface RpcStatus {
  readonly code?: number | null
  readonly message?: string | null
  /** name of the code; over HTTP `code` is the HTTP status */
  readonly status?: string
  readonly details?: readonly Detail[] | null
}

interface Detail {
  readonly '@type'?: string
  readonly reason?: string
  /** of a `PreconditionFailure` */
  readonly violations?: readonly { readonly type?: string }[]
  readonly type_url?: string | null
  readonly value?: Uint8Array | string | null
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto */
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo'
const PRECONDITION = 'type.googleapis.com/google.rpc.PreconditionFailure'

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto. HTTP statuses not listed are mapped by class (4xx, 5xx). */
const BY_HTTP_STATUS: Readonly<Record<number, Status>> = {
  400: Status.INVALID_ARGUMENT,
  401: Status.UNAUTHENTICATED,
  403: Status.PERMISSION_DENIED,
  404: Status.NOT_FOUND,
  409: Status.ALREADY_EXISTS,
  429: Status.RESOURCE_EXHAUSTED,
  499: Status.CANCELLED,
  501: Status.UNIMPLEMENTED,
  503: Status.UNAVAILABLE,
  504: Status.DEADLINE_EXCEEDED,
}

/** An error of the SDK. Its number is a code of gRPC, or an HTTP status; then the message is the body of the answer. */
interface SdkError {
  readonly code?: number | string
  readonly status?: number
  /** over gRPC, the message without its leading code; over HTTP, the details of the answer */
  readonly details?: string | object
  readonly message?: string
  readonly reason?: string
}

/** @returns undefined for an error that is no answer of Google */
export function failureOf(thrown: unknown): Failure | undefined {
  const { code, status, details, message = '', reason } = thrown as SdkError
  const number = status ?? code
  if (typeof number !== 'number') return undefined
  const answer = number in Status ? undefined : answerIn(message)
  if (answer !== undefined) return failureOfStatus({ ...answer, code: number })
  // Over HTTP the message is the body. A page is not quoted.
  if (!(number in Status) && typeof details !== 'string' && /^\s*</.test(message))
    return { code: codeOf(number), message: `status ${number}, and no answer of Google`, isForeign: true }
  const said = typeof details === 'string' ? details : message
  return { code: codeOf(number), message: said, ...(reason ? { reason } : {}) }
}

/** The failure that an answer or the end of an operation reports. */
export function failureOfStatus({ code, status, message, details }: RpcStatus): Failure {
  const named = Status[status as keyof typeof Status] as Status | undefined
  const reason = details?.map(reasonIn).find(found => found !== undefined)
  return {
    code: named ?? codeOf(code ?? Status.UNKNOWN),
    message: message ?? '',
    ...(reason ? { reason } : {}),
  }
}

/** The names that Google gives a failure: of its code, and of its reason. */
export function codesOf(thrown: unknown): readonly string[] {
  const failure = failureOf(thrown)
  if (failure === undefined) return []
  return [Status[failure.code], ...(failure.reason === undefined ? [] : [failure.reason])]
}

function codeOf(number: number): Status {
  if (number in Status) return number
  if (number < 100) return Status.UNKNOWN
  return BY_HTTP_STATUS[number] ?? (number >= 500 ? Status.INTERNAL : Status.FAILED_PRECONDITION)
}

function answerIn(message: string): RpcStatus | undefined {
  try {
    return (JSON.parse(message) as { error?: RpcStatus }).error
  } catch {
    return undefined
  }
}

/** The reason in a detail. In operations the SDK leaves details undecoded, so the first field of the protobuf is read here. */
function reasonIn({ '@type': type, reason, violations, type_url, value }: Detail): string | undefined {
  if (type === ERROR_INFO) return reason
  if (type === PRECONDITION) return violations?.[0]?.type
  if (type_url !== ERROR_INFO || !(value instanceof Uint8Array) || value[0] !== 0x0a) return undefined
  const [, length = 0] = value
  return Buffer.from(value.subarray(2, 2 + length)).toString()
}
