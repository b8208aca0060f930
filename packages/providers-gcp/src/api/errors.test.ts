import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { gcpError } from './errors.ts'

const about = {
  project: 'p1',
  resource: 'serviceusage:service/x',
  permission: 'serviceusage.services.enable',
}
const failure = (fields: object, message = 'said Google') => Object.assign(new Error(message), fields)

/** An error as the SDK throws it over REST: its message is the whole body of the answer. */
const overHttp = (status: number, name: string, reason?: string) =>
  failure(
    { status },
    JSON.stringify({
      error: {
        code: status,
        message: 'said Google',
        status: name,
        details: reason ? [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }] : [],
      },
    }),
  )

describe('an error of the SDK', () => {
  it.each([
    [3, 400, 'INVALID_ARGUMENT', 'usage'],
    [4, 504, 'DEADLINE_EXCEEDED', 'stalled'],
    [5, 404, 'NOT_FOUND', 'not-found'],
    [6, 409, 'ALREADY_EXISTS', 'name-taken'],
    [7, 403, 'PERMISSION_DENIED', 'forbidden'],
    [8, 429, 'RESOURCE_EXHAUSTED', 'rate-limited'],
    [9, 400, 'FAILED_PRECONDITION', 'forbidden'],
    [10, 409, 'ABORTED', 'server-error'],
    [12, 501, 'UNIMPLEMENTED', 'protocol'],
    [13, 500, 'INTERNAL', 'server-error'],
    [14, 503, 'UNAVAILABLE', 'unreachable'],
    [16, 401, 'UNAUTHENTICATED', 'unauthorized'],
  ])('with the gRPC code %s is the same as with the HTTP status %s %s', (code, status, name, expected) => {
    expect(gcpError(failure({ code }), about).code).toBe(expected)
    const error = gcpError(overHttp(status, name), about)
    expect(error.code).toBe(expected)
    expect(error.message).toBe('serviceusage.services.enable on serviceusage:service/x: said Google')
  })

  it.each([
    [401, 'protocol'],
    [403, 'protocol'],
    [404, 'protocol'],
    [409, 'protocol'],
    [418, 'protocol'],
    [429, 'rate-limited'],
    [502, 'server-error'],
    [503, 'unreachable'],
  ])('with status %s and a page of some proxy is "%s"', (status, expected) => {
    const error = gcpError(failure({ status }, '<html>canary</html>'), about)
    expect(error).toMatchObject({ code: expected, hint: expect.stringContaining('HTTPS_PROXY') })
    expect(inspect(error)).not.toContain('canary')
  })

  it('for a refusal names the permission and the command that grants its role', () => {
    const error = gcpError(failure({ code: 7 }), about)
    expect(error.subject).toEqual({ resource: about.resource, permission: about.permission })
    expect(error.hint).toContain(
      'gcloud projects add-iam-policy-binding p1 --member=user:YOU --role=roles/serviceusage.serviceUsageAdmin ',
    )
  })

  it.each([
    ['UREQ_PROJECT_BILLING_NOT_FOUND', 400, 'forbidden', 'gcloud billing projects link p1 '],
    ['BILLING_DISABLED', 403, 'forbidden', 'gcloud billing projects link p1 '],
    ['SERVICE_DISABLED', 403, 'forbidden', 'gcloud services enable serviceusage.googleapis.com --project=p1'],
    ['RESOURCE_QUOTA_EXCEEDED', 429, 'limit-exceeded', ''],
    ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', 403, 'unauthorized', '--scopes='],
    ['LOCATION_ORG_POLICY_VIOLATED', 403, 'forbidden', 'gcp.resourceLocations'],
    ['RESOURCE_USAGE_RESTRICTION_VIOLATED', 403, 'forbidden', 'gcp.restrictServiceUsage'],
    ['SECURITY_POLICY_VIOLATED', 403, 'forbidden', 'VPC Service Controls'],
    ['USER_PROJECT_DENIED', 403, 'forbidden', 'set-quota-project p1'],
    ['IAM_PERMISSION_DENIED', 403, 'forbidden', 'roles/serviceusage.serviceUsageAdmin'],
  ])('for the reason %s has a hint for this reason', (reason, status, code, hint) => {
    const error = gcpError(overHttp(status, status === 400 ? 'FAILED_PRECONDITION' : '', reason), about)
    expect(error.code).toBe(code)
    expect(error.hint ?? '').toContain(hint)
    expect(gcpError(failure({ code: status === 429 ? 8 : 7, reason }), about)).toMatchObject({
      code,
      hint: error.hint,
    })
  })

  it.each([
    ['ECONNREFUSED', 'unreachable', true],
    ['ENOTFOUND', 'unreachable', true],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls-untrusted', false],
  ])('of the connection, %s, is "%s"', (code, expected, retryable) => {
    expect(gcpError(failure({ code }), about)).toMatchObject({ code: expected, retryable })
  })

  it('for a constraint of the organisation says what to set', () => {
    const violations = [{ type: 'constraints/gcp.resourceLocations', subject: 'projects/p1' }]
    const details = [{ '@type': 'type.googleapis.com/google.rpc.PreconditionFailure', violations }]
    const body = { error: { code: 400, message: 'm', status: 'FAILED_PRECONDITION', details } }
    expect(gcpError(failure({ status: 400 }, JSON.stringify(body)), about)).toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('give another --location'),
    })
  })

  it('for a page that is not JSON is "protocol", and does not quote the page', () => {
    const error = gcpError(new SyntaxError('Unexpected token, "<canary>" is not valid JSON'), about)
    expect(error.code).toBe('protocol')
    expect(inspect(error)).not.toContain('canary')
  })

  it('contains neither the request nor the response', () => {
    const secrets = { config: { headers: { authorization: 'canary' } }, response: { data: 'canary' } }
    const error = gcpError(failure({ code: 13, ...secrets }), about)
    expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toContain('canary')
  })
})
