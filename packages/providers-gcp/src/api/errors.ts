import { abortedError, GpregError, isGpregError, type ErrorCode } from '@gpreg/oci'
import { Status } from 'google-gax'
import { failureOf, type Failure } from './failure.ts'

/** One call to Google: what it is about, and the permission that it needs, as IAM names it. */
export interface Call {
  readonly project: string
  readonly resource: string
  /** such as `serviceusage.services.enable` */
  readonly permission: string
}

/** An API that is off, or was turned on so lately that not every server knows. https://google.aip.dev/193#errorinfo */
export const SERVICE_DISABLED = 'SERVICE_DISABLED'
const NO_BILLING: ReadonlySet<string> = new Set(['UREQ_PROJECT_BILLING_NOT_FOUND', 'BILLING_DISABLED'])
const QUOTA_USED_UP = 'RESOURCE_QUOTA_EXCEEDED'

const CODES: Readonly<Partial<Record<Status, ErrorCode>>> = {
  [Status.INVALID_ARGUMENT]: 'usage',
  [Status.OUT_OF_RANGE]: 'usage',
  [Status.NOT_FOUND]: 'not-found',
  [Status.ALREADY_EXISTS]: 'name-taken',
  [Status.PERMISSION_DENIED]: 'forbidden',
  // Of an organisation's policy, of billing: what was asked for is right, and not allowed as things are.
  [Status.FAILED_PRECONDITION]: 'forbidden',
  [Status.UNAUTHENTICATED]: 'unauthorized',
  [Status.RESOURCE_EXHAUSTED]: 'rate-limited',
  [Status.DEADLINE_EXCEEDED]: 'stalled',
  [Status.UNAVAILABLE]: 'unreachable',
  [Status.UNIMPLEMENTED]: 'protocol',
}

/** https://cloud.google.com/iam/docs/permissions-reference: the role that has the permissions of a service */
const ROLES: Readonly<Record<string, string>> = {
  serviceusage: 'roles/serviceusage.serviceUsageAdmin',
  artifactregistry: 'roles/artifactregistry.admin',
}

/**
 * An error of the SDK as ours. Its own object stays behind: it carries the request, and a token with it.
 * Messages of Google name the project and the permission, never a secret.
 */
export function gcpError(thrown: unknown, about: Call): GpregError {
  if (isGpregError(thrown)) return thrown
  const failure = failureOf(thrown)
  return failure === undefined ? unansweredError(thrown, about.resource) : refusedError(failure, about)
}

export function refusedError(failure: Failure, about: Call): GpregError {
  const { resource, permission } = about
  const code = failure.reason === QUOTA_USED_UP ? 'limit-exceeded' : (CODES[failure.code] ?? 'server-error')
  return new GpregError(code, `${permission} on ${resource}: ${failure.message.slice(0, 500)}`, {
    resource,
    ...(isMissing(failure) ? { permission } : {}),
    ...hintOf(code, failure, about),
  })
}

/** Whether the permission is what is missing: an API that is off and a project without billing are refused alike. */
function isMissing({ code, reason = '' }: Failure): boolean {
  return code === Status.PERMISSION_DENIED && reason !== SERVICE_DISABLED && !NO_BILLING.has(reason)
}

/** Where no answer came: an abort, the line, or something that the SDK did not expect. */
function unansweredError(thrown: unknown, resource: string): GpregError {
  const { name, message = '', code } = thrown as { name?: string; message?: string; code?: unknown }
  if (name === 'AbortError') return abortedError()
  // A page of a proxy, say; the error quotes it.
  if (name === 'SyntaxError')
    return new GpregError('protocol', `${resource}: no answer of Google`, { resource })
  if (typeof code !== 'string') return new GpregError('bug', `${resource}: ${message}`, { resource })
  const isTrust = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_)/.test(code)
  return new GpregError(isTrust ? 'tls-untrusted' : 'unreachable', `${resource}: ${message}`, {
    resource,
    hint: isTrust ? 'name the authority that signed it in NODE_EXTRA_CA_CERTS' : LINE_HINT,
  })
}

function hintOf(code: ErrorCode, failure: Failure, about: Call): { hint?: string } {
  const { project, permission } = about
  const service = permission.split('.', 1)[0]!
  if (NO_BILLING.has(failure.reason ?? '')) {
    return {
      hint: `the project has no billing account: gcloud billing projects link ${project} --billing-account=ACCOUNT (gcloud billing accounts list shows them)`,
    }
  }
  if (failure.reason === SERVICE_DISABLED) {
    return {
      hint: `the API is off in the project, or on for less than a few minutes: gcloud services enable ${service}.googleapis.com --project=${project}`,
    }
  }
  if (isMissing(failure)) return { hint: grantHint(about, ROLES[service]!) }
  switch (code) {
    case 'unauthorized':
      return { hint: IDENTITY_HINT }
    case 'rate-limited':
      return {
        hint: 'Google limits the rate of calls: run the same command again, it goes on where it stopped',
      }
    case 'unreachable':
      return { hint: LINE_HINT }
    default:
      return {}
  }
}

const LINE_HINT = 'check the line, HTTPS_PROXY and NO_PROXY'

export const IDENTITY_HINT =
  'log in with gcloud auth application-default login, or name the key of a service account in GOOGLE_APPLICATION_CREDENTIALS'

function grantHint({ project, permission }: Call, role: string): string {
  return `whoever runs this needs ${permission}: gcloud projects add-iam-policy-binding ${project} --member=user:YOU --role=${role} (serviceAccount:EMAIL for a service account); a project that is not there is refused alike`
}
