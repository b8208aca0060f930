import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext } from '@gpreg/core'
import { scriptedServer } from '@gpreg/oci/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createEcrAccess } from './ecr-access.ts'
// Loads the SDK before the time of a test runs.
import './ecr-login.ts'

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'
const TOKEN = 'canary-token-of-the-pod'
const FORGOTTEN = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-identity-'))
  await writeFile(join(directory, 'token'), TOKEN)
  for (const name of FORGOTTEN) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

/** A token service, STS and ECR behind one address. ECR gives a login only to the key that the token service gave. */
async function cloud() {
  const asked: string[] = []
  const server = await scriptedServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const { authorization = '' } = request.headers
    if (request.url === '/v1/credentials') {
      asked.push(`pod identity ${authorization}`)
      const Expiration = new Date(Date.now() + 3_600_000).toISOString()
      const given = { AccessKeyId: 'ASIAPOD', SecretAccessKey: 's', Token: 't', Expiration }
      return void response.end(JSON.stringify(given))
    }
    if (body.includes('Action=AssumeRoleWithWebIdentity')) {
      asked.push(`web identity ${new URLSearchParams(body).get('WebIdentityToken')}`)
      const key = `<Credentials><AccessKeyId>ASIAPOD</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>`
      const result = `<AssumeRoleWithWebIdentityResult>${key}</AssumeRoleWithWebIdentityResult>`
      return void response.end(
        `<AssumeRoleWithWebIdentityResponse>${result}</AssumeRoleWithWebIdentityResponse>`,
      )
    }
    const isKnown = authorization.includes('Credential=ASIAPOD/')
    const authorizationToken = Buffer.from('AWS:password').toString('base64')
    const answer = isKnown
      ? { authorizationData: [{ authorizationToken, expiresAt: 32_503_680_000 }] }
      : { __type: 'UnrecognizedClientException' }
    response.writeHead(isKnown ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(answer))
  })
  vi.stubEnv('AWS_ENDPOINT_URL_ECR', `http://${server.host}`)
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://${server.host}`)
  return { asked, url: `http://${server.host}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const login = () => createEcrAccess(HOST).login(HOST, createContext({ sleep: async () => {} }))

it('a service account with a role (IRSA) logs in to ECR', async () => {
  await using aws = await cloud()
  vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/gpreg')
  vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(directory, 'token'))
  expect((await login()).password.reveal()).toBe('password')
  expect(aws.asked).toEqual([`web identity ${TOKEN}`])
})

it('a pod with an association (EKS Pod Identity) logs in to ECR', async () => {
  await using aws = await cloud()
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${aws.url}/v1/credentials`)
  vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', join(directory, 'token'))
  expect((await login()).password.reveal()).toBe('password')
  expect(aws.asked).toEqual([`pod identity ${TOKEN}`])
})

it('a pod without an identity gets no login, and the error says how to log in', async () => {
  await using _ = await cloud()
  await expect(login()).rejects.toMatchObject({
    code: 'unauthorized',
    hint: expect.stringContaining('aws sso login'),
  })
})

it('a proxy without a scheme is one of plain HTTP, as for registries', async () => {
  await using aws = await cloud()
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'ASIAPOD')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's')
  vi.stubEnv('AWS_ENDPOINT_URL_ECR', 'http://ecr.invalid')
  for (const name of ['HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, new URL(aws.url).host)
  expect((await login()).password.reveal()).toBe('password')
})
