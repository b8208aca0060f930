import { abortedError, GpregError, isGpregError, type ErrorCode, type ErrorDetails } from '@gpreg/oci'
import { failureOf, type Failure } from './failure.ts'

/** One call to Azure: what it is about, and the permission that it needs, as roles name it. */
export interface Call {
  /** such as `acr:registry/gitpod1a2b3c4d` */
  readonly resource: string
  /** such as `Microsoft.ContainerRegistry/registries/write` */
  readonly permission: string
  readonly subscriptionId?: string
  readonly resourceGroup?: string
  readonly location?: string
}

/** Codes of ARM: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors; what is not here goes by its status. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  // https://github.com/Azure/azure-cli/issues/13951
  AlreadyInUse: 'name-taken',
  // What is asked for is right, and not allowed as things are.
  MissingSubscriptionRegistration: 'forbidden',
  ReadOnlyDisabledSubscription: 'forbidden',
  RequestDisallowedByPolicy: 'forbidden',
  ScopeLocked: 'forbidden',
  QuotaExceeded: 'limit-exceeded',
  InvalidSubscriptionId: 'not-found',
}

/** Those of 403 by which something else than a role is missing. */
const NO_ROLE_HELPS: ReadonlySet<string> = new Set(Object.keys(CODES))

/**
 * An error of the SDK as ours. Its own object stays behind: it carries the request, and a token with it.
 * Messages of ARM name the caller and the action, never a secret.
 */
export function azureError(thrown: unknown, about: Call): GpregError {
  if (isGpregError(thrown)) return thrown
  if ((thrown as Error).name === 'AbortError') return abortedError()
  const failure = failureOf(thrown)
  if (failure !== undefined) return failedError(failure, about)
  const { resource } = about
  return new GpregError('bug', `${resource}: ${(thrown as Error).message.slice(0, 500)}`, { resource })
}

function failedError(failure: Failure, about: Call): GpregError {
  const { resource, permission } = about
  const { status, code: name = '', message, retryAfter } = failure
  const code = codeOf(failure)
  // Policies are named at length, and whoever reads it has to find them.
  const said = [name, message].filter(Boolean).join(': ').slice(0, 4_000)
  return new GpregError(code, `${permission} on ${resource}: ${said}`, {
    resource,
    ...(isMissing(code, name) ? { permission } : {}),
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...hintOf(code, failure, about),
  })
}

function codeOf({ status, code = '' }: Failure): ErrorCode {
  if (status === undefined) return codeOfLine(code)
  if (CODES[code] !== undefined) return CODES[code]
  switch (status) {
    case 400:
      return 'usage'
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      return 'not-found'
    case 429:
      return 'rate-limited'
    default:
      // A conflict is with something that goes on at the same time.
      return status >= 500 || status === 409 ? 'server-error' : 'protocol'
  }
}

function codeOfLine(code: string): ErrorCode {
  if (code === 'ETIMEDOUT') return 'stalled'
  return /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_)/.test(code)
    ? 'tls-untrusted'
    : 'unreachable'
}

const isMissing = (code: ErrorCode, name: string): boolean => code === 'forbidden' && !NO_ROLE_HELPS.has(name)

type Hint = Pick<ErrorDetails, 'hint'>

function hintOf(code: ErrorCode, { code: name = '' }: Failure, about: Call): Hint {
  const hint = HINTS_BY_NAME[name]?.(about) ?? HINTS[code]?.(about)
  return hint === undefined ? {} : { hint }
}

type HintFor = (about: Call) => string

const HINTS_BY_NAME: Readonly<Record<string, HintFor>> = {
  MissingSubscriptionRegistration: ({ subscriptionId }) =>
    `az provider register --namespace Microsoft.ContainerRegistry --subscription ${subscriptionId} --wait`,
  RequestDisallowedByPolicy: ({ resourceGroup }) =>
    `a policy forbids it; its owner can make an exemption: az policy exemption create --resource-group ${resourceGroup} --name gpreg --policy-assignment ASSIGNMENT --exemption-category Waiver`,
  ResourceGroupNotFound: ({ subscriptionId, resourceGroup, location }) =>
    `az group create --name ${resourceGroup} --location ${location} --subscription ${subscriptionId}`,
  ScopeLocked: ({ resourceGroup }) =>
    `a lock forbids it: az lock list --resource-group ${resourceGroup} shows it`,
  SubscriptionNotFound: () => SUBSCRIPTION_HINT,
  InvalidSubscriptionId: () => SUBSCRIPTION_HINT,
}

const HINTS: Readonly<Partial<Record<ErrorCode, HintFor>>> = {
  forbidden: grantHint,
  unauthorized: () => IDENTITY_HINT,
  'rate-limited': () =>
    'Azure limits the rate of calls: run the same command again, it goes on where it stopped',
  unreachable: () => 'check the line, HTTPS_PROXY and NO_PROXY',
  'tls-untrusted': () => 'name the authority that signed it in NODE_EXTRA_CA_CERTS',
}

const SUBSCRIPTION_HINT = 'az account list shows the subscriptions of whoever is logged in'

export const IDENTITY_HINT =
  'log in with az login (az cloud set for another cloud than the public one), or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET'

function grantHint({ permission, subscriptionId, resourceGroup }: Call): string {
  const scope = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
  return `whoever runs this needs ${permission}: az role assignment create --assignee YOU --role Contributor --scope ${scope}`
}
