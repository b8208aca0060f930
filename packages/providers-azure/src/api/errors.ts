import { codeOfConnection, commonHint } from '@gpreg/core/provider'
import { GpregError, isGpregError, type ErrorCode, type ErrorDetails } from '@gpreg/oci'
import { abortedError } from '@gpreg/oci/engine'
import type { AzureCall } from './azure-call.ts'
import { failureOf, type Failure } from './failure.ts'
import { REFUSALS } from './refusals.ts'

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
  const { status, code: name = '', message, retryAfter, isFinal } = failure
  const code = codeOf(failure)
  // Names of policies are long, and the reader needs all of them.
  const said = [name, message].filter(Boolean).join(': ').slice(0, 4_000)
  return new GpregError(code, `${permission} on ${resource}: ${said}`, {
    resource,
    ...(isMissing(code, name) ? { permission } : {}),
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(isFinal ? { retryable: false } : {}),
    ...hintOf(code, failure, about),
  })
}

function codeOf({ status, code = '', isFinal, isForeign }: Failure): ErrorCode {
  if (status === undefined) return code === 'ETIMEDOUT' ? 'stalled' : codeOfConnection(code)
  const known = REFUSALS[code]?.code
  if (known !== undefined) return known
  if (isFinal) return 'server-error'
  if (isForeign && status < 500 && status !== 429) return 'protocol'
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

const isMissing = (code: ErrorCode, name: string): boolean =>
  code === 'forbidden' && !Object.hasOwn(REFUSALS, name)

type Hint = Pick<ErrorDetails, 'hint'>

function hintOf(code: ErrorCode, { code: name = '', isFinal, isForeign }: Failure, about: AzureCall): Hint {
  const hint =
    REFUSALS[name]?.hint?.(about) ??
    (isFinal ? ENDED_HINT : isForeign ? FOREIGN_HINT : undefined) ??
    HINTS[code]?.(about) ??
    commonHint(code, 'Azure')
  return hint === undefined ? {} : { hint }
}

type HintFor = (about: AzureCall) => string

const ENDED_HINT =
  'az monitor activity-log list --resource-group GROUP shows who or what ended it; then run the same command again'

const FOREIGN_HINT =
  'something on the way answered in place of Azure, such as a proxy: check HTTPS_PROXY and NO_PROXY'

const HINTS: Readonly<Partial<Record<ErrorCode, HintFor>>> = {
  forbidden: grantHint,
  unauthorized: () => IDENTITY_HINT,
  'not-found': () =>
    'az acr list shows the registries of the subscription; run the same command again if one was made or removed just now',
  'server-error': () =>
    'Azure is not well, or busy with another change: run the same command again, it goes on where it stopped',
}

export const IDENTITY_HINT =
  'log in with az login (az cloud set for another cloud than the public one), or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET'

function grantHint({ permission, subscriptionId, resourceGroup }: AzureCall): string {
  const group = resourceGroup === undefined ? '' : `/resourceGroups/${resourceGroup}`
  const role = resourceGroup === undefined ? 'Reader' : 'Contributor'
  const scope = `/subscriptions/${subscriptionId ?? 'SUBSCRIPTION'}${group}`
  return `whoever runs this needs ${permission}: az role assignment create --assignee YOU --role ${role} --scope ${scope}`
}
