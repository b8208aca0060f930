/**
 * Every failure gpreg reports is a {@link GpregError}: a code to act on, what it concerns, and what to do next.
 * Code and fields are a contract; the message is for people and may change.
 */

/** What went wrong, in the groups of the command's exit codes. */
export type ErrorCode =
  // the caller's input
  | 'usage'
  | 'input-unreadable'
  | 'input-invalid'
  | 'reference-invalid'
  | 'image-set-empty'
  | 'release-unknown'
  | 'target-collision'
  | 'platform-refused'
  // content
  | 'digest-invalid'
  | 'digest-mismatch'
  | 'size-mismatch'
  | 'manifest-invalid'
  | 'manifest-too-large'
  | 'manifest-unsupported'
  | 'not-found'
  | 'blob-unknown'
  // a bundle
  | 'bundle-damaged'
  | 'signature-invalid'
  | 'base-missing'
  // the other side
  | 'unauthorized'
  | 'forbidden'
  | 'rate-limited'
  | 'unreachable'
  | 'tls-untrusted'
  | 'stalled'
  | 'server-error'
  | 'protocol'
  | 'upload-lost'
  // a cloud
  | 'name-taken'
  | 'limit-exceeded'
  | 'in-use'
  // this side
  | 'storage'
  | 'aborted'
  | 'bug'

/** Which end of a copy an error belongs to. */
export type Side = 'source' | 'target'

/** What an error is about. Every known field is set. */
export interface ErrorSubject {
  readonly side?: Side
  readonly host?: string
  readonly reference?: string
  readonly digest?: string
  readonly path?: string
  /** Something in a cloud, such as `s3:bucket/team`. */
  readonly resource?: string
  /** The permission or role that is missing, in the cloud's own words. */
  readonly permission?: string
  /** HTTP status, if there was an answer. */
  readonly status?: number
}

export interface ErrorDetails extends ErrorSubject {
  /** What the user can do next: a command, a flag, a file to look at. */
  readonly hint?: string
  readonly cause?: unknown
  /** Whether the same request may succeed a little later. Default: by code. */
  readonly retryable?: boolean
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfter?: number
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'rate-limited',
  'unreachable',
  'stalled',
  'server-error',
  'digest-mismatch',
  'size-mismatch',
  'upload-lost',
])

const BRAND = Symbol.for('gpreg.error')

export class GpregError extends Error {
  readonly code: ErrorCode
  readonly subject: ErrorSubject
  readonly hint: string | undefined
  readonly retryable: boolean
  readonly retryAfter: number | undefined
  readonly [BRAND] = true

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { hint, cause, retryable, retryAfter, ...subject } = details
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'GpregError'
    this.code = code
    this.subject = subject
    this.hint = hint
    this.retryable = retryable ?? RETRYABLE.has(code)
    this.retryAfter = retryAfter
  }

  /** The same error with more fields of its subject set. Fields that are set already stay. */
  about(subject: ErrorSubject): GpregError {
    const known = Object.fromEntries(Object.entries(this.subject).filter(([, value]) => value !== undefined))
    return this.with({ ...subject, ...known })
  }

  /** The same error, not to be retried. */
  final(): GpregError {
    return this.with({ retryable: false })
  }

  /** A copy with some details replaced. */
  with(details: ErrorDetails): GpregError {
    const { code, message, subject, hint, cause, retryable, retryAfter } = this
    return new GpregError(code, message, {
      ...subject,
      cause: cause ?? this,
      retryable,
      ...(hint === undefined ? {} : { hint }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...details,
    })
  }

  toJSON(): { code: ErrorCode; message: string; hint?: string } & ErrorSubject {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint ? { hint: this.hint } : {}),
      ...this.subject,
    }
  }
}

/** True for errors of this and of any other copy of this package in the process. */
export function isGpregError(error: unknown, code?: ErrorCode): error is GpregError {
  return (
    typeof error === 'object' &&
    error !== null &&
    BRAND in error &&
    (code === undefined || (error as GpregError).code === code)
  )
}

/** Requests may be refused for ever (4xx, 501, 505), but these statuses mean: not there, or not now. */
const NO_REFUSAL: ReadonlySet<number> = new Set([404, 408, 429, 499])

/** Whether a registry answered that it does not do this, so that the caller may do it in another way. */
export function isRefusal({ subject: { status } }: GpregError): boolean {
  if (status === undefined || NO_REFUSAL.has(status)) return false
  return (status >= 300 && status < 500) || status === 501 || status === 505
}

/** Any thrown value as a {@link GpregError}; an unexpected one gets the code `bug`. */
export function toGpregError(error: unknown): GpregError {
  if (isGpregError(error)) return error
  if (error instanceof Error && error.name === 'AbortError') return abortedError(error)
  const message = error instanceof Error ? error.message : String(error)
  return new GpregError('bug', message, {
    cause: error,
    hint: 'this is a bug in gpreg; please report it with the command and this message',
  })
}

/** Any thrown value as an error that the caller records before it goes on. @throws `aborted`, which must end all work */
export function unlessAborted(thrown: unknown): GpregError {
  const error = toGpregError(thrown)
  if (error.code === 'aborted') throw error
  return error
}

/** The result of work; undefined if what it asks for is not there. */
export async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isGpregError(error, 'not-found')) return undefined
    throw error
  }
}

/** What a store says of having some content; false where a push finds out: the store refuses to tell, or has another size of it. */
export async function isConfirmed(ask: () => Promise<boolean>): Promise<boolean> {
  try {
    return await ask()
  } catch (thrown) {
    const error = unlessAborted(thrown)
    if (isRefusal(error) || error.code === 'size-mismatch') return false
    throw thrown
  }
}

/** As the method of the signal, but of one type: the reason of a signal may be anything, such as a text or a time-out. @throws `aborted` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal.reason)
}

/** @param cause the reason of a signal; one that is such an error already tells more, and stays */
export function abortedError(cause?: unknown): GpregError {
  if (isGpregError(cause, 'aborted')) return cause
  return new GpregError('aborted', 'interrupted', {
    cause,
    hint: 'run the same command again to continue',
    retryable: false,
  })
}
