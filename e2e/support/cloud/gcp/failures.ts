import type { RawAnswer } from '../raw-answer.ts'
import { Refusal, type Operation } from './cloud.ts'

/** A way in which a call to Google Cloud fails. */
export interface GoogleFailure {
  readonly name: string
  /** How the call is refused, or what its operation ends with; over REST also a raw answer. */
  readonly answer: Refusal | Operation | { readonly raw: RawAnswer }
}

const WORDS = 'canary words of the server'
const refused = (name: string, status: string, reason?: string): GoogleFailure => ({
  name,
  answer: new Refusal(status, WORDS, reason),
})
const ended = (name: string, code: number, reason?: string): GoogleFailure => {
  const { details } = new Refusal('', WORDS, reason)
  return { name, answer: { name: 'operations/canary', done: true, error: { code, message: WORDS, details } } }
}
const PAGE = '<html><body>canary page of a proxy</body></html>'
const page = (status: number): GoogleFailure => ({
  name: `a page of a proxy, status ${status}`,
  answer: { raw: { status, body: PAGE, headers: { 'content-type': 'text/html' } } },
})

/**
 * The shapes in which Google refuses. https://google.aip.dev/193,
 * https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
 */
export const FAILURES: readonly GoogleFailure[] = [
  refused('the token is refused', 'UNAUTHENTICATED', 'ACCESS_TOKEN_EXPIRED'),
  refused('the token has too few scopes', 'PERMISSION_DENIED', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'),
  refused('no permission', 'PERMISSION_DENIED', 'IAM_PERMISSION_DENIED'),
  refused('no permission, without a reason', 'PERMISSION_DENIED'),
  refused('the API is off', 'PERMISSION_DENIED', 'SERVICE_DISABLED'),
  refused('no billing', 'PERMISSION_DENIED', 'BILLING_DISABLED'),
  refused('no such project', 'PERMISSION_DENIED', 'CONSUMER_INVALID'),
  refused('a policy forbids the location', 'FAILED_PRECONDITION', 'LOCATION_ORG_POLICY_VIOLATED'),
  refused('a policy forbids the API', 'PERMISSION_DENIED', 'RESOURCE_USAGE_RESTRICTION_VIOLATED'),
  refused('a service perimeter forbids it', 'PERMISSION_DENIED', 'SECURITY_POLICY_VIOLATED'),
  refused('not found', 'NOT_FOUND'),
  refused('the name is taken', 'ALREADY_EXISTS'),
  refused('another change is going on', 'ABORTED'),
  refused('the request is wrong', 'INVALID_ARGUMENT'),
  refused('too many requests', 'RESOURCE_EXHAUSTED', 'RATE_LIMIT_EXCEEDED'),
  refused('a quota is used up', 'RESOURCE_EXHAUSTED', 'RESOURCE_QUOTA_EXCEEDED'),
  refused('the server is not well', 'INTERNAL'),
  refused('the service is not there', 'UNAVAILABLE'),
  ended('the operation ends without billing', 9, 'UREQ_PROJECT_BILLING_NOT_FOUND'),
  ended('the operation ends as cancelled', 1),
  ended('the operation ends with a code that nobody knows', 99),
  page(200),
  page(403),
  page(502),
  { name: 'half an answer', answer: { raw: { status: 200, body: '{"canary":"secret of the ser' } } },
  { name: 'the connection is cut', answer: { raw: 'cut' } },
]
