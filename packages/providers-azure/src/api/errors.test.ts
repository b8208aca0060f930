import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { azureError } from './errors.ts'
import { endOfOperation, failureIn, TransportFailure } from './failure.ts'

const about = {
  resource: 'acr:registry/x',
  permission: 'Microsoft.ContainerRegistry/registries/write',
  subscriptionId: 's1',
  resourceGroup: 'rg',
  location: 'westeurope',
}

/** An error as the SDK throws it. */
const answer = (statusCode: number, code: string) =>
  Object.assign(new Error('said Azure'), { name: 'RestError', statusCode, code })

describe('an error of Azure', () => {
  it.each([
    [400, 'InvalidParameter', 'usage', ''],
    [401, 'ExpiredAuthenticationToken', 'unauthorized', 'az login'],
    [403, 'AuthorizationFailed', 'forbidden', 'az role assignment create'],
    [403, 'RequestDisallowedByPolicy', 'forbidden', 'az policy exemption create'],
    [404, 'ResourceGroupNotFound', 'not-found', 'az group create --name rg --location westeurope'],
    [404, 'SubscriptionNotFound', 'not-found', 'az account list'],
    [409, 'AlreadyInUse', 'name-taken', ''],
    [400, 'AlreadyInUse', 'name-taken', ''],
    [409, 'RegistryNameAlreadyInUse', 'name-taken', ''],
    [400, 'LocationNotAvailableForResourceType', 'usage', '--location'],
    [401, 'InvalidAuthenticationTokenTenant', 'unauthorized', 'az login --tenant'],
    [409, 'MissingSubscriptionRegistration', 'forbidden', 'az provider register'],
    [409, 'ScopeLocked', 'forbidden', 'az lock list --resource-group rg'],
    [409, 'Conflict', 'server-error', ''],
    [418, '', 'protocol', ''],
    [429, 'TooManyRequests', 'rate-limited', 'run the same command again'],
    [503, 'ServiceUnavailable', 'server-error', ''],
  ])('with status %s and code %s is "%s"', (status, code, expected, hint) => {
    const error = azureError(answer(status, code), about)
    expect(error).toMatchObject({ code: expected, subject: { resource: about.resource, status } })
    expect(error.message).toBe(
      `${about.permission} on acr:registry/x: ${code === '' ? '' : `${code}: `}said Azure`,
    )
    expect(error.hint ?? '').toContain(hint)
    expect(error.subject.permission === undefined).toBe(code !== 'AuthorizationFailed')
  })

  it.each([
    ['ECONNREFUSED', 'unreachable', true],
    ['REQUEST_SEND_ERROR', 'unreachable', true],
    ['ETIMEDOUT', 'stalled', true],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls-untrusted', false],
  ])('of the connection, %s, is "%s"', (code, expected, retryable) => {
    const error = azureError(new TransportFailure({ code, message: 'line' }), about)
    expect(error).toMatchObject({ code: expected, retryable })
  })

  it('contains the time to wait', () => {
    const failure = new TransportFailure({
      ...failureIn(429, '{"error":{"code":"TooManyRequests"}}'),
      retryAfter: 7,
    })
    expect(azureError(failure, about)).toMatchObject({ code: 'rate-limited', retryAfter: 7 })
  })

  it.each(['', 'null', '[]', '{"error":"x"}', '{"error":{"code":1,"message":{}}}'])(
    'with a body that is not a response of ARM, %s, is reported by its status',
    body => expect(failureIn(502, body)).toEqual({ status: 502, message: 'status 502' }),
  )

  it.each(['<html>canary</html>', '{"passwords":["canary'])(
    'with something that is no document, %s, is told as that, and quotes nothing of it',
    body => {
      const error = azureError(new TransportFailure(failureIn(403, body)), about)
      expect(error).toMatchObject({ code: 'protocol', hint: expect.stringContaining('HTTPS_PROXY') })
      expect(inspect(error)).not.toContain('canary')
    },
  )

  it('contains neither the request nor the response', () => {
    const secrets = { request: { body: 'canary' }, response: { bodyAsText: 'canary' }, details: 'canary' }
    const error = azureError(Object.assign(answer(500, 'InternalServerError'), secrets), about)
    expect(`${inspect(error, { depth: 9, showHidden: true })}${JSON.stringify(error)}`).not.toContain(
      'canary',
    )
  })

  it.each([
    ['{"status":"Canceled"}', 'server-error', 'OperationCanceled: the operation is canceled'],
    ['{"status":"Failed","error":{"code":"Broken","message":"words"}}', 'server-error', 'Broken: words'],
    ['{"status":"Failed","error":{"code":"RegistryNameAlreadyInUse","message":"w"}}', 'name-taken', 'Use: w'],
  ])('at the end of an operation, %s, is final and has the words of the server', (body, code, words) => {
    const error = azureError(new TransportFailure(endOfOperation(200, body)!), about)
    expect(error).toMatchObject({ code, retryable: false, message: expect.stringContaining(words) })
  })

  it.each([
    '',
    '{"status":"Succeeded"}',
    '{"status":"Creating"}',
    '[]',
    'null',
    '{"properties":{"provisioningState":"Failed"}}',
  ])('is none in the answer %j', body => expect(endOfOperation(200, body)).toBeUndefined())
})
