import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext } from '@gpreg/core'
import { digestOf, parseReference, type Side } from '@gpreg/oci'
import { createRegistries } from '@gpreg/oci/engine'
import { lacks, makeCertificates, scriptedProxy, scriptedServer } from '@gpreg/oci/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createClouds, openImporter } from './clouds.ts'

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'

/** Hosts that belong to anybody, or to a cloud that shows its images to everybody. */
const STRANGERS = [
  '123456789012.dkr.ecr.eu-west-1.amazonaws.attacker.com',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com.attacker.com',
  '123456789012.dkr.ecr.eu-west-1.notamazonaws.com',
  '123456789012.dkr.ecr.eu-west-1.on.attacker.com',
  'x.123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  '123456789012.dkr.ecr.cn-north-1.amazonaws.com',
  `${ECR}:8443`,
  'gitpod.azurecr.io.attacker.com',
  'gitpod.azurecr.io:8443',
  'a.gitpod.azurecr.io',
  'xn--gitpod-1.azurecr.io.attacker.com',
  'eu.gcr.io.attacker.com',
  'xn--gr-nlc.io',
  'gcr.io:8443',
  'europe-docker.pkg.dev.attacker.com',
  'public.ecr.aws',
  'mcr.microsoft.com',
  'docker.io',
]

it.each(STRANGERS)('%s gets no login of a cloud', async host => {
  const clouds = createClouds()
  expect(await clouds(host, 'source')).toBeUndefined()
  expect(await clouds(host, 'target')).toBeUndefined()
})

it.each([...STRANGERS, ECR, 'eu.gcr.io'])(
  '%s fetches no images by itself, and the error says so',
  async host => {
    await expect(openImporter(host, createContext())).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('leave out --server-side'),
    })
  },
)

it('a registry of a cloud gets a login of the cloud', async () => {
  const clouds = createClouds()
  expect(await clouds(ECR, 'source')).toBeDefined()
})

/** A registry that answers to every name, asks for a login, and logs what it is sent. It lies behind a proxy, which knows no names. */
describe.skipIf(lacks('openssl'))('a registry that asks for a login', () => {
  const seen: { readonly host: string; readonly authorization: string; readonly body: string }[] = []
  const canary = 'canary-of-the-account'
  let stack: AsyncDisposableStack
  let options: Parameters<typeof createRegistries>[0]
  let scheme = 'basic'

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const host = request.headers.host ?? ''
    const { authorization = '' } = request.headers
    const body = Buffer.concat(await request.toArray()).toString()
    seen.push({ host, authorization, body: `${request.url} ${body}` })
    if (request.url?.startsWith('/token')) return void response.end('{"token":"anonymous"}')
    const realm = scheme === 'bearer' ? `Bearer realm="https://${host}/token",service="x"` : 'Basic realm="x"'
    response.writeHead(401, { 'www-authenticate': realm }).end('{"errors":[]}')
  }

  beforeAll(async () => {
    stack = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), 'gpreg-clouds-'))
    stack.defer(() => rm(directory, { recursive: true }))
    const names = [...STRANGERS, ECR, 'registry-1.docker.io'].map(host => host.replace(/:.*/, ''))
    const certificates = await makeCertificates(directory, ...new Set(names))
    const server = createServer(certificates, (request, response) => void answer(request, response))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    stack.defer(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const tunnels = [...names.map(name => `${name}:443`), ...names.map(name => `${name}:8443`)]
    const proxy = stack.use(await scriptedProxy(502, Object.fromEntries(tunnels.map(name => [name, port]))))
    const authorizationToken = Buffer.from(`AWS:${canary}`).toString('base64')
    const ecr = stack.use(
      await scriptedServer((_, response) => {
        const given = { authorizationToken, expiresAt: Date.now() / 1000 + 43_200 }
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
        response.end(JSON.stringify({ authorizationData: [given] }))
      }),
    )
    vi.stubEnv('AWS_ENDPOINT_URL_ECR', `http://${ecr.host}`)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIATEST')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', canary)
    options = {
      caFiles: [{ file: certificates.caFile }],
      env: { HTTPS_PROXY: proxy.address, HOME: directory },
      clouds: createClouds(),
    }
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await stack.disposeAsync()
  })

  /** Asks each host as a source and as a target, all in one run. */
  const ask = async (hosts: readonly string[], sides: readonly Side[] = ['source', 'target']) => {
    seen.length = 0
    const registries = await createRegistries(options, createContext({ sleep: async () => {} }))
    const blob = { mediaType: 'application/octet-stream', digest: digestOf(Buffer.from('x')), size: 1 }
    const askOne = (side: Side, host: string) =>
      registries
        .open(side, parseReference(`${host}/x/y:1`))
        .repository.exists(blob)
        .catch((error: unknown) => error)
    try {
      return await Promise.all(sides.flatMap(side => hosts.map(host => askOne(side, host))))
    } finally {
      await registries.close()
    }
  }

  it.each(['basic', 'bearer'])('is sent nothing but what anybody may send, if it asks for %s', async asks => {
    scheme = asks
    for (const error of await ask(STRANGERS)) expect(error).toMatchObject({ code: 'unauthorized' })
    const asked = new Set(seen.map(({ host }) => host.replace('registry-1.docker.io', 'docker.io')))
    expect(asked).toEqual(new Set(STRANGERS))
    for (const { authorization } of seen) expect(['', 'Bearer anonymous']).toContain(authorization)
    expect(JSON.stringify(seen)).not.toContain(canary)
  })

  it('is sent the login of the account if it is one of the account', async () => {
    scheme = 'basic'
    await ask([ECR], ['target'])
    expect(seen.at(-1)?.authorization).toBe(`Basic ${Buffer.from(`AWS:${canary}`).toString('base64')}`)
  })

  it('is no target if it is for everybody to read, and the error says so', async () => {
    const [error] = await ask(['public.ecr.aws'], ['target'])
    const hint = expect.stringContaining('a registry of your own')
    expect(error).toMatchObject({ code: 'unauthorized', hint })
  })
})
