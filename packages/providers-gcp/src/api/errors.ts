import { codeOfConnection, commonHint } from '@gpreg/core/provider'
import { GpregError, isGpregError, type ErrorCode } from '@gpreg/oci'
import { abortedError } from '@gpreg/oci/engine'
import { Status } from 'google-gax'
import type { GcpCall } from './gcp-call.ts'
import { failureOf, type Failure } from './failure.ts'
import { REASONS } from './reasons.ts'

const CODES: Readonly<Partial<Record<Status, ErrorCode>>> = {
  [Status.INVALID_ARGUMENT]: 'usage',
  [Status.OUT_OF_RANGE]: 'usage',
  [Status.NOT_FOUND]: 'not-found',
  [Status.ALREADY_EXISTS]: 'name-taken',
  [Status.PERMISSION_DENIED]: 'forbidden',
  // The request is valid, but a policy or the billing of the project does not allow it.
  [Status.FAILED_PRECONDITION]: 'forbidden',
  [Status.UNAUTHENTICATED]: 'unauthorized',
  [Status.RESOURCE_EXHAUSTED]: 'rate-limited',
  [Status.DEADLINE_EXCEEDED]: 'stalled',
  [Status.UNAVAILABLE]: 'unreachable',
  [Status.UNIMPLEMENTED]: 'protocol',
}

/** https://cloud.google.com/iam/docs/permissions-reference: the role with the permissions of a service, by the service */
const ROLES: Readonly<Record<string, string>> = {
  serviceusage: 'roles/serviceusage.serviceUsageAdmin',
  artifactregistry: 'roles/artifactregistry.admin',
}

/**
 * A typed error for an error of the SDK. The SDK's object is not its cause, because it carries the request with its token.
 * Messages of Google name the project and the permission, never a secret.
 */
export function gcpError(thrown: unknown, about: GcpCall): GpregError {
  if (isGpregError(thrown)) return thrown
  const failure = failureOf(thrown)
  return failure === undefined ? unansweredError(thrown, about.resource) : refusedError(failure, about)
}

export function refusedError(failure: Failure, about: GcpCall): GpregError {
  const { resource, permission } = about
  const code = codeOf(failure)
  return new GpregError(code, `${permission} on ${resource}: ${failure.message.slice(0, 500)}`, {
    resource,
    ...(isMissing(failure) ? { permission } : {}),
    ...hintDetail(hintOf(code, failure, about)),
  })
}

/** Whether something on the way that is not Google may answer otherwise a moment later. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['server-error', 'unreachable', 'rate-limited', 'stalled'])

function codeOf({ reason = '', code, isForeign }: Failure): ErrorCode {
  const known = REASONS[reason]?.code ?? CODES[code] ?? 'server-error'
  return isForeign && !PASSING.has(known) ? 'protocol' : known
}

/** Whether the permission is missing. Much else is refused with the same code, and its reason tells. */
function isMissing({ code, reason = '', isForeign }: Failure): boolean {
  return !isForeign && code === Status.PERMISSION_DENIED && !Object.hasOwn(REASONS, reason)
}

/** An error without an answer: an abort, a failed connection, or an error that the SDK did not expect. */
function unansweredError(thrown: unknown, resource: string): GpregError {
  const { name, message = '', code } = thrown as { name?: string; message?: string; code?: unknown }
  if (name === 'AbortError') return abortedError()
  // A proxy answered with a page. The SDK's error quotes the page, so it is not passed on.
  if (name === 'SyntaxError')
    return new GpregError('protocol', `${resource}: no answer of Google`, { resource, hint: FOREIGN_HINT })
  if (typeof code !== 'string') return new GpregError('bug', `${resource}: ${message}`, { resource })
  const errorCode = codeOfConnection(code)
  return new GpregError(errorCode, `${resource}: ${message}`, {
    resource,
    ...hintDetail(commonHint(errorCode, 'Google')),
  })
}

const hintDetail = (hint: string | undefined) => (hint === undefined ? {} : { hint })

function hintOf(code: ErrorCode, failure: Failure, about: GcpCall): string | undefined {
  if (failure.isForeign) return FOREIGN_HINT
  const known = REASONS[failure.reason ?? '']
  if (known !== undefined) return known.hint(about)
  const role = ROLES[about.permission.split('.', 1)[0] ?? '']
  if (isMissing(failure) && role !== undefined) return grantHint(about, role)
  return HINTS[code] ?? commonHint(code, 'Google')
}

export const IDENTITY_HINT =
  'log in with gcloud auth application-default login, or name the key of a service account in GOOGLE_APPLICATION_CREDENTIALS'

const FOREIGN_HINT =
  'something on the way answered in place of Google, such as a proxy: check HTTPS_PROXY and NO_PROXY'

/** By code, unless the reason says more. */
const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  unauthorized: IDENTITY_HINT,
  'server-error':
    'Google is not well, or busy with another change: run the same command again, it goes on where it stopped',
  'not-found':
    'gcloud artifacts repositories list and gcloud services list --enabled show what is there; run the same command again if it was made or removed just now',
  'name-taken': 'give another --installation, which the repository is named after',
  usage: 'gcloud artifacts locations list shows the locations; gcloud projects list the projects',
}

function grantHint({ project, permission }: GcpCall, role: string): string {
  return `whoever runs this needs ${permission}: gcloud projects add-iam-policy-binding ${project} --member=user:YOU --role=${role} (serviceAccount:EMAIL for a service account); a project that is not there is refused alike`
}
