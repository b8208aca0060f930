import { commonHint, type CloudCall } from '@gpreg/core/provider'
import { GpregError, isGpregError, type ErrorCode } from '@gpreg/oci'
import { abortedError } from '@gpreg/oci/engine'

/** Error names of all services: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and each API's reference. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  AccessDenied: 'forbidden',
  AccessDeniedException: 'forbidden',
  AllAccessDisabled: 'forbidden',
  ServerException: 'server-error',

  CredentialsProviderError: 'unauthorized',
  TokenProviderError: 'unauthorized',
  ExpiredToken: 'unauthorized',
  ExpiredTokenException: 'unauthorized',
  InvalidAccessKeyId: 'unauthorized',
  InvalidClientTokenId: 'unauthorized',
  InvalidSignatureException: 'unauthorized',
  SignatureDoesNotMatch: 'unauthorized',
  UnrecognizedClientException: 'unauthorized',

  Throttling: 'rate-limited',
  ThrottlingException: 'rate-limited',
  ThrottledException: 'rate-limited',
  TooManyRequestsException: 'rate-limited',
  RequestLimitExceeded: 'rate-limited',
  SlowDown: 'rate-limited',

  BucketAlreadyExists: 'name-taken',
  LimitExceeded: 'limit-exceeded',
  LimitExceededException: 'limit-exceeded',
  TooManyBuckets: 'limit-exceeded',

  NoSuchBucket: 'not-found',
  NoSuchEntity: 'not-found',
  NoSuchEntityException: 'not-found',
}

/** Errors of concurrent callers and of differing clocks: the next try may succeed. */
const PASSING: ReadonlySet<string> = new Set([
  'OperationAborted',
  'ConcurrentModification',
  'RequestTimeTooSkewed',
  'RequestTimeout',
])

/** What the SDK writes where the answer says nothing, as the answer to a HEAD does. */
const WORDLESS: ReadonlySet<string> = new Set(['', 'Error', 'Unknown', 'UnknownError'])

interface AwsFailure {
  readonly name?: string
  readonly message?: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/**
 * A typed error for an error of the SDK. The SDK's object is not its cause, because it carries the request and the answer.
 * Messages of AWS name the caller and the action, never a secret.
 */
export function awsError(thrown: unknown, { resource, permission }: CloudCall): GpregError {
  if (isGpregError(thrown)) return thrown
  const { name = '', message = '', code: system, $metadata } = thrown as AwsFailure
  if (name === 'AbortError') return abortedError()
  const status = $metadata?.httpStatusCode
  const code = CODES[name] ?? codeOfStatus(status, system ?? name)
  const said = [name, message].filter(text => !WORDLESS.has(text)).join(': ') || 'no reason was given'
  return new GpregError(code, `${permission} on ${resource}: ${said.slice(0, 500)}`, {
    resource,
    ...(code === 'forbidden' ? { permission } : {}),
    ...(status === undefined ? {} : { status }),
    ...(PASSING.has(name) ? { retryable: true } : {}),
    ...hintOf(code, permission),
  })
}

function codeOfStatus(status: number | undefined, system: string): ErrorCode {
  if (status === undefined) return /^E[A-Z]|Timeout/.test(system) ? 'unreachable' : 'bug'
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not-found'
  // S3 answers 503 for "slow down". The answer to a HEAD has no body with the name of the error.
  if (status === 429 || status === 503) return 'rate-limited'
  // A server that lacks an operation answers 501. To try it again would be of no use, unlike with other errors of a server.
  if (status === 501) return 'protocol'
  return status >= 500 ? 'server-error' : 'protocol'
}

function hintOf(code: ErrorCode, permission: string): { hint?: string } {
  switch (code) {
    case 'forbidden':
      return { hint: grantHint(permission) }
    case 'unauthorized':
      return {
        hint: 'log in with aws sso login or aws configure, choose with --profile or AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      }
    case 'unreachable':
      return { hint: 'check the line, the region, --s3-endpoint, HTTPS_PROXY and NO_PROXY' }
    default: {
      const hint = commonHint(code, 'AWS')
      return hint === undefined ? {} : { hint }
    }
  }
}

/** The name that AWS gives an error. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** The command that grants a permission. */
function grantHint(permission: string): string {
  const statement = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"${permission}","Resource":"*"}]}`
  return `whoever runs this needs ${permission}: aws iam put-user-policy --user-name YOU --policy-name gpreg --policy-document '${statement}' (put-role-policy for a role); where that is granted, a service control policy or permissions boundary forbids it`
}
