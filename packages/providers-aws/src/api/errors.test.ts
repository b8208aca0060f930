import { inspect } from 'node:util'
import { isGpregError } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { awsError } from './errors.ts'

const about = { resource: 's3:bucket/b', permission: 's3:CreateBucket' }
const failure = (name: string, status?: number, more: object = {}) =>
  Object.assign(new Error('said AWS'), {
    name,
    ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }),
    ...more,
  })

describe('an error of the SDK', () => {
  it.each([
    ['AccessDenied', 403, 'forbidden'],
    ['AccessDeniedException', 400, 'forbidden'],
    ['Unknown', 403, 'forbidden'],
    ['CredentialsProviderError', undefined, 'unauthorized'],
    ['ExpiredToken', 400, 'unauthorized'],
    ['InvalidAccessKeyId', 403, 'unauthorized'],
    ['SignatureDoesNotMatch', 403, 'unauthorized'],
    ['SlowDown', 503, 'rate-limited'],
    ['ThrottlingException', 400, 'rate-limited'],
    ['BucketAlreadyExists', 409, 'name-taken'],
    ['LimitExceededException', 409, 'limit-exceeded'],
    ['InternalError', 500, 'server-error'],
    ['MalformedXML', 400, 'protocol'],
    ['MethodNotAllowed', 405, 'protocol'],
    ['NotImplemented', 501, 'protocol'],
    ['UnknownError', 501, 'protocol'],
    ['TimeoutError', undefined, 'unreachable'],
  ])('%s with status %s is %s', (name, status, code) => {
    expect(isGpregError(awsError(failure(name, status), about), code as never)).toBe(true)
  })

  it('of the network is "unreachable"', () => {
    expect(awsError(failure('Error', undefined, { code: 'ECONNREFUSED' }), about).code).toBe('unreachable')
  })

  it('for a refusal names the permission and the command that grants it', () => {
    const error = awsError(failure('AccessDenied', 403), about)
    expect(error.subject).toMatchObject({
      permission: 's3:CreateBucket',
      resource: 's3:bucket/b',
      status: 403,
    })
    expect(error.hint).toMatch(/aws iam put-user-policy .*"Action":"s3:CreateBucket"/)
  })

  it.each([
    ['Unknown', 'UnknownError', 'no reason was given'],
    ['InvalidRequest', 'UnknownError', 'InvalidRequest'],
    ['Unknown', 'said AWS', 'said AWS'],
  ])('%s: %s says "%s"', (name, message, said) => {
    const error = awsError(failure(name, 403, { message }), about)
    expect(error.message).toBe(`s3:CreateBucket on s3:bucket/b: ${said}`)
  })

  it('contains neither the request nor the response', () => {
    const secrets = { $response: { body: 'canary' }, request: { headers: { authorization: 'canary' } } }
    const error = awsError(failure('InternalError', 500, secrets), about)
    expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toContain('canary')
  })

  it.each(['OperationAborted', 'RequestTimeTooSkewed'])('%s is retryable', name => {
    expect(awsError(failure(name, 409), about).retryable).toBe(true)
  })
})
