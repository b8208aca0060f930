import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { json } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type GpregEvent, createContext } from '@gpreg/core'
import { lazyProvider, memoryVault } from '@gpreg/core/provider'
import { contentFrom, digestOf, parseReference } from '@gpreg/oci'
import { createRegistries } from '@gpreg/oci/engine'
import { createAcrAccess, createAzureClients, createAzureProvider } from '@gpreg/provider-azure'
import {
  azureCertificates,
  startAcrCloud,
  startAzureCloud,
  type AcrCloud,
  type AzureCloud,
} from '../../support/cloud/azure/azure-cloud.ts'
import { GROUP, SUBSCRIPTION } from '../../support/cloud/azure/subscription.ts'
import { mustRun, runProcess } from '../../support/process.ts'
import { isolatedEnvironment } from '../../support/gpreg.ts'
import { makeImage, makeLayer, sha256 } from '../../support/images.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { needs } from '../../support/tools.ts'
import { startUpstream } from '../../support/upstream.ts'

const HOST = 'gitpodimages.azurecr.io'
const AUDIENCE = 'https://containerregistry.azure.net'
const NOBODY = '00000000-0000-0000-0000-000000000000'

/** Tests a registry that the provider creates under its own host name, with real storage behind it. */
describe.skipIf(needs('openssl', 'docker-registry', 'skopeo'))('a registry of Azure', () => {
  let certificates: Awaited<ReturnType<typeof azureCertificates>>
  let azure: AzureCloud
  let acr: AcrCloud
  const events: GpregEvent[] = []
  const context = createContext({ emit: event => events.push(event), sleep: async () => {} })
  const vault = memoryVault()
  const provider = (rotate = false) =>
    lazyProvider('azure', async () =>
      createAzureProvider({
        subscriptionId: SUBSCRIPTION,
        resourceGroup: GROUP,
        installation: 'prod',
        location: 'westeurope',
        name: 'gitpodimages',
        vault,
        rotate,
        clients: await createAzureClients({
          subscriptionId: SUBSCRIPTION,
          resourceManager: azure.resourceManager,
          ca: [certificates.ca],
        }),
      }),
    )
  const access = () => createAcrAccess({ ca: [certificates.ca] })

  beforeAll(async () => {
    certificates = await azureCertificates()
    azure = await startAzureCloud(certificates)
    acr = await startAcrCloud(azure, [AUDIENCE], HOST, 'gitpodimages.azurecr.us', 'gitpodimages.azurecr.cn')
  })
  beforeEach(async () => {
    const way = { HTTPS_PROXY: acr.proxy.url, NO_PROXY: '127.0.0.1,localhost' }
    for (const [name, value] of Object.entries({ ...azure.env, ...way })) vi.stubEnv(name, value)
    await provider().apply(context)
  })
  afterEach(() => {
    azure.log.clear()
    acr.front.refuseExchange(200)
    vi.unstubAllEnvs()
  })
  afterAll(async () => {
    await acr?.[Symbol.asyncDispose]()
    await azure?.[Symbol.asyncDispose]()
    await certificates?.[Symbol.asyncDispose]()
  })

  const registries = (clouds = access()) =>
    createRegistries(
      {
        caFiles: [{ host: HOST, file: certificates.caFile }],
        env: { HTTPS_PROXY: acr.proxy.url },
        credentials: { find: async () => undefined },
        clouds: async host => (host === HOST ? clouds : undefined),
      },
      context,
    )

  it('lets core push and pull by the token exchange', async () => {
    const opened = await registries()
    const { repository } = opened.open('target', parseReference(`${HOST}/gitpod/server:1`))
    const blob = Buffer.from('a layer')
    const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(blob), size: blob.length }
    await repository.push(descriptor, contentFrom(blob))
    expect(await repository.exists(descriptor)).toBe(true)
    await opened.close()
    const asked = acr.front.exchanges.filter(({ path }) => path.startsWith('/oauth2/'))
    expect(asked.filter(({ path }) => path === '/oauth2/exchange')).toHaveLength(1)
    expect(asked.every(({ status }) => status === 200)).toBe(true)
    expect(acr.registry.requests().map(({ path }) => path)).toContain(
      `/v2/gitpod/server/blobs/${descriptor.digest}`,
    )
  })

  it('gives a login with a user, an end, and the note that it must be exchanged', async () => {
    const before = Date.now()
    const { username, password, expiresAt, isRefreshToken } = await access().login(HOST, context)
    expect([username, isRefreshToken]).toEqual([NOBODY, true])
    expect(acr.front.refreshTokens.read(password.reveal())).toMatchObject({ aud: HOST })
    expect(expiresAt - before).toBeGreaterThan(2.9 * 3_600_000)
    expect(expiresAt - before).toBeLessThan(3.1 * 3_600_000)
  })

  it('reports an identity that Entra or the registry refuses, and retries errors that may pass', async () => {
    acr.front.refuseExchange(403)
    const refused = await access()
      .login(HOST, context)
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'unauthorized', subject: { host: HOST } })
    expect((refused as { hint: string }).hint).toContain(
      'az role assignment create --assignee YOU --role AcrPush',
    )
    acr.front.refuseExchange(503)
    events.length = 0
    const down = await access()
      .login(HOST, context)
      .catch((error: unknown) => error)
    expect(down).toMatchObject({ code: 'server-error', retryable: false })
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(6)
    acr.front.refuseExchange(200)
    azure.log.at(1, 'throttle')
    await access().login(HOST, context)
    vi.stubEnv('AZURE_CLIENT_SECRET', 'canary-wrong-secret')
    const stranger = await access()
      .login(HOST, context)
      .catch((error: unknown) => error)
    expect(stranger).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('az login') })
    const secrets = [
      ...azure.tokens.all,
      ...acr.front.refreshTokens.all,
      'canary-wrong-secret',
      'canary-client-secret',
    ]
    const shown = inspect([refused, down, stranger, events], { depth: Infinity, showHidden: true })
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })

  it('sends no token to another host, and tokens of a cloud to registries of that cloud only', async () => {
    await expect(access().login('registry.example.com', context)).rejects.toMatchObject({ code: 'usage' })
    for (const [host, audience] of [
      ['gitpodimages.azurecr.us', 'https://management.usgovcloudapi.net'],
      ['gitpodimages.azurecr.cn', 'https://management.chinacloudapi.cn'],
    ] as const) {
      // This registry accepts tokens of the public cloud only.
      await access()
        .login(host, context)
        .catch(() => undefined)
      expect(azure.tokens.read(azure.tokens.all.at(-1)!)?.aud).toBe(audience)
    }
  })

  it('accepts the admin login that the provider wrote, also from skopeo, and both passwords after a rotation', async () => {
    await using directory = await temporaryDirectory()
    await using upstream = await startUpstream()
    const image = makeImage([makeLayer('layer', 50_000)])
    await upstream.add('server:1', image)
    await copyFile(certificates.caFile, directory.join('ca.crt'))
    const env = isolatedEnvironment(directory.path, { HTTPS_PROXY: acr.proxy.url })
    const authfile = directory.join('auth.json')
    const skopeo = (args: string[], stdin?: string) =>
      runProcess('skopeo', args, { env, ...(stdin === undefined ? {} : { stdin }) })
    const loginWith = async (password: string) =>
      skopeo(
        [
          ...['login', '--username', 'gitpodimages', '--password-stdin', '--authfile', authfile],
          ...['--cert-dir', directory.path, HOST],
        ],
        password,
      )
    const first = (await vault.read()).registry!.password.reveal()
    expect(await loginWith(first)).toMatchObject({ exitCode: 0 })
    expect(
      await skopeo([
        ...['copy', '--src-tls-verify=false', '--dest-authfile', authfile, '--dest-cert-dir', directory.path],
        ...['--preserve-digests', `docker://${upstream.host}/server:1`, `docker://${HOST}/gitpod/admin:1`],
      ]),
    ).toMatchObject({ exitCode: 0 })
    await provider(true).apply(context)
    const second = (await vault.read()).registry!.password.reveal()
    expect(await loginWith(second)).toMatchObject({ exitCode: 0 })
    expect(await loginWith(first)).toMatchObject({ exitCode: 0 })
    const from = ['--authfile', authfile, '--cert-dir', directory.path]
    const raw = await skopeo(['inspect', '--raw', ...from, `docker://${HOST}/gitpod/admin:1`])
    expect(sha256(raw.stdout)).toBe(image.manifest.digest)
    await provider(true).apply(context)
    expect(await loginWith(second)).toMatchObject({ exitCode: 0 })
    expect((await loginWith(first)).exitCode).not.toBe(0)
  })

  it('is found by the environment alone: identity, authority and CA', async () => {
    const script = `
      import { createContext } from '@gpreg/core'
      import { createAcrAccess, createAzureClients, createAzureProvider } from '@gpreg/provider-azure'
      const where = { subscriptionId: '${SUBSCRIPTION}', resourceGroup: '${GROUP}', installation: 'prod', location: 'x' }
      const clients = await createAzureClients({ ...where, resourceManager: '${azure.resourceManager}' })
      const provider = createAzureProvider({ ...where, name: 'gitpodimages', clients })
      const { registry } = await provider.describe(createContext())
      const { username } = await createAcrAccess().login(registry, createContext())
      console.log(registry, username)`
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificates.caFile }
    const cwd = new URL('../../', import.meta.url).pathname
    const node = ['--conditions=gpreg-source', '--input-type=module', '--eval', script]
    const said = await mustRun(process.execPath, node, { env, cwd })
    expect(said.trim()).toBe(`${HOST} ${NOBODY}`)
  })

  it('answers a client without the SDK in the shapes of the API', async () => {
    const scope = `${azure.resourceManager}/.default`
    const who = { client_id: azure.env['AZURE_CLIENT_ID']!, client_secret: azure.env['AZURE_CLIENT_SECRET']! }
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope, ...who })
    const entra = `${azure.env['AZURE_AUTHORITY_HOST']}/${azure.env['AZURE_TENANT_ID']}/oauth2/v2.0/token`
    const { body: given } = await send('POST', entra, {}, form.toString())
    const ask = (method: string, path: string) => {
      const group = `${azure.resourceManager}/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}`
      const target = `${group}/providers/Microsoft.ContainerRegistry/registries/${path}?api-version=2025-11-01`
      return send(method, target, { authorization: `Bearer ${given.access_token}` })
    }
    expect((await ask('GET', 'gitpodimages')).body).toMatchObject({
      id: expect.stringMatching(/^\/subscriptions\/.+\/registries\/gitpodimages$/),
      type: 'Microsoft.ContainerRegistry/registries',
      sku: { name: 'Premium', tier: 'Premium' },
      properties: { loginServer: 'Gitpodimages.azurecr.io', provisioningState: 'Succeeded' },
    })
    expect((await ask('POST', 'gitpodimages/listCredentials')).body).toMatchObject({
      username: 'gitpodimages',
      passwords: [{ name: 'password2' }, { name: 'password' }],
    })
    expect(await ask('GET', 'absent')).toMatchObject({
      status: 404,
      body: { error: { code: 'ResourceNotFound' } },
    })
  })

  async function send(method: string, target: string, headers = {}, body = '') {
    const sent = request(target, { method, headers, ca: certificates.ca })
    const [answer] = (await once(sent.end(body), 'response')) as [IncomingMessage]
    return { status: answer.statusCode, body: (await json(answer)) as Record<string, unknown> }
  }
})
