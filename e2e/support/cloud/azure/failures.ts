import type { RawAnswer } from '../raw-answer.ts'

/** A way in which a call to Azure fails. */
export interface AzureFailure {
  readonly name: string
  readonly answer: RawAnswer
  /** ARM's own code, which an error must name. */
  readonly code?: string
  /** Calls that can fail so; default all but those to Entra. */
  readonly at?: readonly string[]
  /** Only the second page of a list fails so. */
  readonly isSecondPage?: boolean
}

const WORDS = 'canary words of the server'
const document = (code: string, message = WORDS) => JSON.stringify({ error: { code, message } })
const refused = (
  name: string,
  status: number,
  code: string,
  more: Partial<Pick<AzureFailure, 'at' | 'isSecondPage'>> & { headers?: Record<string, string> } = {},
): AzureFailure => {
  const { headers, ...rest } = more
  return { name, code, answer: { status, body: document(code), ...(headers ? { headers } : {}) }, ...rest }
}

const PAGE = '<html><body>canary page of a proxy</body></html>'
const html = { 'content-type': 'text/html' }
const LISTS = ['list', 'listAll', 'subscriptions']
const ended = (name: string, status: string, code: string | undefined): AzureFailure => ({
  name,
  answer: {
    status: 200,
    body: JSON.stringify({ status, ...(code === undefined ? {} : { error: { code, message: WORDS } }) }),
  },
  ...(code === undefined ? {} : { code }),
  at: ['operation'],
})

/**
 * The shapes in which Resource Manager refuses.
 * https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md#error-response-content,
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
 */
export const FAILURES: readonly AzureFailure[] = [
  refused('the token is refused', 401, 'InvalidAuthenticationToken'),
  refused('the token is of another tenant', 401, 'InvalidAuthenticationTokenTenant'),
  refused('the token is for something else', 401, 'InvalidAuthenticationTokenAudience'),
  refused('no permission', 403, 'AuthorizationFailed'),
  refused('a policy forbids it', 403, 'RequestDisallowedByPolicy'),
  refused('a lock forbids it', 409, 'ScopeLocked'),
  refused('the location has no registries', 400, 'LocationNotAvailableForResourceType'),
  refused('not found', 404, 'ResourceNotFound'),
  refused('no such resource group', 404, 'ResourceGroupNotFound'),
  refused('no such subscription', 404, 'SubscriptionNotFound'),
  refused('the service is off in the subscription', 409, 'MissingSubscriptionRegistration'),
  refused('the name is taken', 409, 'AlreadyInUse'),
  refused('another change is going on', 409, 'Conflict'),
  refused('too many requests', 429, 'TooManyRequests', { headers: { 'retry-after': '7' } }),
  refused('a quota is used up', 409, 'QuotaExceeded'),
  refused('the server is not well', 503, 'ServiceUnavailable'),
  ended('the operation ends as Failed', 'Failed', 'StorageAccountFailure'),
  ended('the operation ends as Canceled', 'Canceled', undefined),
  ended('the operation is in a state that nobody knows', 'Deferred', undefined),
  refused('no permission for the second page', 403, 'AuthorizationFailed', { at: LISTS, isSecondPage: true }),
  refused('the second page fails', 503, 'ServiceUnavailable', { at: LISTS, isSecondPage: true }),
  {
    name: 'the next page is on another host',
    answer: {
      status: 200,
      body: JSON.stringify({ value: [], nextLink: 'https://203.0.113.7/next?api-version=2025-11-01' }),
    },
    at: LISTS,
  },
  { name: 'a page of a proxy, status 200', answer: { status: 200, body: PAGE, headers: html } },
  { name: 'a page of a proxy, status 403', answer: { status: 403, body: PAGE, headers: html } },
  { name: 'a page of a proxy, status 502', answer: { status: 502, body: PAGE, headers: html } },
  { name: 'half an answer', answer: { status: 200, body: '{"canary":"secret of the ser' } },
  { name: 'the connection is cut', answer: 'cut' },
  ...entraFailures(),
]

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
function entraFailures(): AzureFailure[] {
  const at = ['entra:token', 'entra:configuration']
  const said = { error: 'invalid_client', error_description: `AADSTS700016: ${WORDS}`, error_codes: [700016] }
  return [
    {
      name: 'Entra refuses the login',
      answer: { status: 401, body: JSON.stringify(said) },
      at: ['entra:token'],
    },
    {
      name: 'Entra limits requests',
      answer: { status: 429, body: '{}', headers: { 'retry-after': '7' } },
      at,
    },
    { name: 'Entra is not well', answer: { status: 503, body: '{}' }, at },
    {
      name: 'a page of a proxy for Entra, status 403',
      answer: { status: 403, body: PAGE, headers: html },
      at,
    },
    { name: 'no line to Entra', answer: 'cut', at },
  ]
}
