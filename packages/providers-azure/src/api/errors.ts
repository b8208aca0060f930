import { codeOfConnection, commonHint, type CloudCall } from '@gpreg/core'
import { GpregError, isGpregError, type ErrorCode, type ErrorDetails } from '@gpreg/oci'
import { abortedError } from '@gpreg/oci/engine'
import { failureOf, type Failure } from './failure.ts'

/** A call to Azure. Its permission is named as in roles, such as `Microsoft.ContainerRegistry/registries/write`. */
export interface AzureCall extends CloudCall {
  readonly subscriptionId?: string
  readonly resourceGroup?: string
  readonly location?: string
}

/** Codes of ARM: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors. A code that is not listed is mapped by the HTTP status. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  // https://github.com/Azure/azure-cli/issues/13951
  AlreadyInUse: 'name-taken',
  // The request is valid, but the subscription, a policy or a lock does not allow it.
  MissingSubscriptionRegistration: 'forbidden',
  ReadOnlyDisabledSubscription: 'forbidden',
  RequestDisallowedByPolicy: 'forbidden',
  ScopeLocked: 'forbidden',
  QuotaExceeded: 'limit-exceeded',
  InvalidSubscriptionId: 'not-found',
}

/** Codes of refusals that remain even if a role is granted. */
const NO_ROLE_HELPS: ReadonlySet<string> = new Set(Object.keys(CODES))

/**
 * A typed error for an error of the SDK. The SDK's object is not its cause, because it carries the request with its token.
 * Messages of ARM name the caller and the action, never a secret.
 */
export function azureError(thrown: unknown, about: AzureCall): GpregError {
  if (isGpregError(thrown)) return thrown
  if ((thrown as Error).name === 'AbortError') return abortedError()
  const failure = failureOf(thrown)
  if (failure !== undefined) return failedError(failure, about)
  const { resource } = about
  return new GpregError('bug', `${resource}: ${(thrown as Error).message.slice(0, 500)}`, { resource })
}

function failedError(failure: Failure, about: AzureCall): GpregError {
  const { resource, permission } = about
  const { status, code: name = '', message, retryAfter } = failure
  const code = codeOf(failure)
  // Names of policies are long, and the reader needs all of them.
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
  if (status === undefined) return code === 'ETIMEDOUT' ? 'stalled' : codeOfConnection(code)
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
      // Status 409 is a conflict with a change that runs at the same time.
      return status >= 500 || status === 409 ? 'server-error' : 'protocol'
  }
}

/** The code of an error of the SDK, such as `ResourceNotFound`. */
export function codesOf(thrown: unknown): readonly string[] {
  const { code } = thrown as { readonly code?: string }
  return code === undefined ? [] : [code]
}

const isMissing = (code: ErrorCode, name: string): boolean => code === 'forbidden' && !NO_ROLE_HELPS.has(name)

type Hint = Pick<ErrorDetails, 'hint'>

function hintOf(code: ErrorCode, { code: name = '' }: Failure, about: AzureCall): Hint {
  const hint = HINTS_BY_NAME[name]?.(about) ?? HINTS[code]?.(about) ?? commonHint(code, 'Azure')
  return hint === undefined ? {} : { hint }
}

type HintFor = (about: AzureCall) => string

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
}

const SUBSCRIPTION_HINT = 'az account list shows the subscriptions of whoever is logged in'

export const IDENTITY_HINT =
  'log in with az login (az cloud set for another cloud than the public one), or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET'

function grantHint({ permission, subscriptionId, resourceGroup }: AzureCall): string {
  const scope = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
  return `whoever runs this needs ${permission}: az role assignment create --assignee YOU --role Contributor --scope ${scope}`
}
