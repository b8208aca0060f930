import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createContext } from '@gpreg/core'
import { lacks, makeCertificates, scriptedProxy } from '@gpreg/oci/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it as test, vi } from 'vitest'
import { createAcrAccess } from './acr-access.ts'

const it = test.skipIf(lacks('openssl'))

const HOST = 'gitpodimages.azurecr.io'
const TENANT = '11111111-2222-3333-4444-555555555555'
const CLIENT = '66666666-7777-8888-9999-000000000000'
const AUTHORITY = 'login.microsoftonline.com'

const jwt = (claims: object) =>
  ['{"alg":"none"}', JSON.stringify(claims), 'canary']
    .map(part => Buffer.from(part).toString('base64url'))
    .join('.')

/** What Entra and the registry were sent: the host, the path, and the form. */
const seen: { readonly host: string; readonly path: string; readonly form: URLSearchParams }[] = []
const sentTo = (path: RegExp) => seen.filter(one => path.test(one.path))
let entraStatus = 200
let exchangeStatus = 200
let stack: AsyncDisposableStack
let directory: string
let ca: string
let proxy: string

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host = '' } = request.headers
  const { pathname } = new URL(request.url ?? '', `https://${host}`)
  const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString())
  seen.push({ host, path: pathname, form })
  const send = (status: number, body: object) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const base = `https://${host}/${TENANT}`
  if (pathname.includes('discovery/instance'))
    return send(200, {
      tenant_discovery_endpoint: `${base}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    })
  if (pathname.endsWith('openid-configuration'))
    return send(200, {
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    })
  const exp = Math.floor(Date.now() / 1000) + 3_600
  if (pathname === `/${TENANT}/oauth2/v2.0/token`)
    return entraStatus === 200
      ? send(200, {
          token_type: 'Bearer',
          expires_in: 3_600,
          access_token: jwt({ tid: TENANT, exp, n: seen.length }),
        })
      : send(entraStatus, {
          error: 'invalid_client',
          error_description: 'AADSTS700211: No matching federated identity record found.',
        })
  if (pathname === '/oauth2/exchange')
    return send(
      exchangeStatus,
      exchangeStatus === 200 ? { refresh_token: jwt({ exp: exp + 7_200 }) } : { errors: [] },
    )
  send(404, {})
}

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  directory = await mkdtemp(join(tmpdir(), 'gpreg-azure-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const names = [HOST, 'gitpodimages.azurecr.us', AUTHORITY, 'login.microsoftonline.us', 'entra.attacker.com']
  const certificates = await makeCertificates(directory, ...names)
  ca = certificates.ca
  const server = createServer(certificates, (request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  stack.defer(() => void (server.closeAllConnections(), server.close()))
  const { port } = server.address() as AddressInfo
  const tunnels = Object.fromEntries(names.map(name => [`${name}:443`, port]))
  proxy = `http://${stack.use(await scriptedProxy(502, tunnels)).address}`
})
afterAll(() => stack.disposeAsync())

beforeEach(async () => {
  seen.length = 0
  ;[entraStatus, exchangeStatus] = [200, 200]
  await writeFile(join(directory, 'token'), 'pod-token-1')
  // What the webhook of workload identity sets in a pod with the label azure.workload.identity/use.
  vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', join(directory, 'token'))
  vi.stubEnv('AZURE_CLIENT_ID', CLIENT)
  vi.stubEnv('AZURE_TENANT_ID', TENANT)
  vi.stubEnv('AZURE_AUTHORITY_HOST', `https://${AUTHORITY}/`)
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'WorkloadIdentityCredential')
  vi.stubEnv('HTTPS_PROXY', proxy)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
})

const context = createContext({ sleep: async () => {} })
const open = () => createAcrAccess({ ca: [ca] })

it('a pod of AKS with a workload identity logs in: the token of the pod, of Entra, of the registry', async () => {
  const { username, password, expiresAt, isRefreshToken } = await open().login(HOST, context)
  expect([username, isRefreshToken]).toEqual(['00000000-0000-0000-0000-000000000000', true])
  expect(password.reveal().split('.')).toHaveLength(3)
  expect(expiresAt - Date.now()).toBeGreaterThan(2.9 * 3_600_000)
  const [asked] = sentTo(/v2\.0\/token$/)
  expect(asked).toMatchObject({ host: AUTHORITY })
  expect(Object.fromEntries(asked!.form)).toMatchObject({
    client_id: CLIENT,
    client_assertion: 'pod-token-1',
    grant_type: 'client_credentials',
  })
  expect(asked!.form.get('scope')).toContain('https://containerregistry.azure.net/.default')
  const [exchanged] = sentTo(/exchange$/)
  expect(exchanged).toMatchObject({ host: HOST })
  expect(Object.fromEntries(exchanged!.form)).toMatchObject({ service: HOST, tenant: TENANT })
  // The token of the pod is for Entra alone, and the token of Entra for the registry alone.
  for (const { host, form } of seen) {
    expect(form.has('client_assertion')).toBe(host === AUTHORITY && form.has('client_id'))
    expect(form.has('access_token')).toBe(host === HOST)
  }
})

it('a proxy without a scheme is one of plain HTTP, as for registries', async () => {
  for (const name of ['HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, new URL(proxy).host)
  await open().login(HOST, context)
  expect(new Set(seen.map(({ host }) => host))).toEqual(new Set([AUTHORITY, HOST]))
})

it('a proxy that is none is refused by the name of its variable', async () => {
  for (const name of ['HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, 'socks5://127.0.0.1:1080')
  const message = expect.stringContaining('https_proxy names a SOCKS proxy')
  await expect(open().login(HOST, context)).rejects.toMatchObject({ code: 'usage', message })
})

it('in a long run the token is renewed, with what the file holds by then', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const access = open()
  await access.login(HOST, context)
  await writeFile(join(directory, 'token'), 'pod-token-2')
  await access.login(HOST, context)
  expect(sentTo(/v2\.0\/token$/), 'the token of Entra still holds').toHaveLength(1)
  vi.setSystemTime(Date.now() + 2 * 3_600_000)
  await access.login(HOST, context)
  const assertions = sentTo(/v2\.0\/token$/).map(({ form }) => form.get('client_assertion'))
  expect(assertions).toEqual(['pod-token-1', 'pod-token-2'])
  const tokens = sentTo(/exchange$/).map(({ form }) => form.get('access_token'))
  expect(tokens).toHaveLength(3)
  expect(tokens[2]).not.toBe(tokens[0])
})

it.each([
  ['the registry', () => (exchangeStatus = 401), 'az role assignment create --assignee YOU --role AcrPush'],
  ['Entra', () => (entraStatus = 401), 'az login'],
  ['the disk', () => vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', '/nonexistent/token'), 'az login'],
])('a login that %s refuses is unauthorised, and shows no token', async (_, refuse, hint) => {
  refuse()
  const error: unknown = await open()
    .login(HOST, context)
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'unauthorized',
    subject: { host: HOST },
    hint: expect.stringContaining(hint),
  })
  const shown = inspect(error, { depth: 9, showHidden: true })
  for (const { form } of seen)
    for (const secret of ['client_assertion', 'access_token']) {
      const value = form.get(secret)
      if (value !== null) expect(shown).not.toContain(value)
    }
})

it.each([
  ['https://entra.attacker.com/', HOST],
  [`https://${AUTHORITY}.attacker.com/`, HOST],
  [`http://${AUTHORITY}/`, HOST],
  ['https://login.microsoftonline.us/', HOST],
  [`https://${AUTHORITY}/`, 'gitpodimages.azurecr.us'],
])('no token leaves for the authority %s and the registry %s', async (authority, host) => {
  vi.stubEnv('AZURE_AUTHORITY_HOST', authority)
  await expect(open().login(host, context)).rejects.toMatchObject({ code: 'usage' })
  expect(seen).toEqual([])
})

it('a registry of another cloud gets a token of that cloud', async () => {
  vi.stubEnv('AZURE_AUTHORITY_HOST', 'https://login.microsoftonline.us/')
  await open().login('gitpodimages.azurecr.us', context)
  expect(new Set(seen.map(({ host }) => host))).toEqual(
    new Set(['login.microsoftonline.us', 'gitpodimages.azurecr.us']),
  )
})
