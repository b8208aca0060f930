import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it as test } from 'vitest'
import { createContext } from '../../context.ts'
import type { GpregError } from '../../errors.ts'
import { MediaType } from '../../model/descriptor.ts'
import { makeCertificates, type Certificates } from '../../testing/certificates.ts'
import { lacks } from '../../testing/programs.ts'
import { scriptedProxy, type ScriptedProxy } from '../../testing/scripted-proxy.ts'
import { createRegistries } from '../registries.ts'

const it = test.skipIf(lacks('openssl'))

let certificates: Certificates
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-proxy-'))
  certificates = await makeCertificates(directory, 'reg.corp')
  return () => rm(directory, { recursive: true })
})

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function proxyWith(...options: Parameters<typeof scriptedProxy>): Promise<ScriptedProxy> {
  const proxy = await scriptedProxy(...options)
  cleanups.push(() => proxy[Symbol.asyncDispose]())
  return proxy
}

/** Asks for a blob on `host` in an environment. */
async function ask(
  env: Record<string, string>,
  host = 'reg.corp',
  plainHttp: string[] = [],
): Promise<boolean> {
  const context = createContext({ sleep: async () => {} })
  const options = {
    env: { HOME: '/nonexistent', ...env },
    plainHttp,
    caFiles: [{ file: certificates.caFile }],
  }
  const registries = await createRegistries(options, context)
  cleanups.push(() => registries.close())
  const { repository } = registries.open('source', { host, repository: 'app' })
  return repository.exists({ mediaType: MediaType.ociLayerGzip, digest: `sha256:${'0'.repeat(64)}`, size: 1 })
}

const failure = (...asked: Parameters<typeof ask>) =>
  ask(...asked).then(
    () => Promise.reject(new TypeError('it did not fail')),
    (thrown: GpregError) => thrown,
  )

describe('a registry behind a proxy', () => {
  async function registry(): Promise<number> {
    const server = createServer(certificates, (request, response) => {
      response.writeHead(request.headers.host === 'reg.corp' ? 200 : 404, { 'content-length': 1 }).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(async () => {
      server.closeAllConnections()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  it('is reached through a tunnel, with the login of the proxy', async () => {
    const proxy = await proxyWith(502, { 'reg.corp:443': await registry() })
    expect(await ask({ HTTPS_PROXY: `us:p@ss@${proxy.address}` })).toBe(true)
    const login = `Basic ${Buffer.from('us:p@ss').toString('base64')}`
    expect(proxy.seen).toEqual([{ method: 'CONNECT', target: 'reg.corp:443', login }])
  })

  it('is reached through a proxy that speaks TLS', async () => {
    const proxy = await proxyWith(502, { 'reg.corp:443': await registry() }, certificates)
    expect(await ask({ HTTPS_PROXY: `https://${proxy.address}` })).toBe(true)
    expect(proxy.seen).toMatchObject([{ method: 'CONNECT', target: 'reg.corp:443' }])
    const port = proxy.address.split(':')[1]
    const env = { HTTP_PROXY: `https://localhost:${port}` }
    expect(await failure(env, 'reg.corp', ['reg.corp'])).toMatchObject({ code: 'server-error' })
    expect(proxy.seen.at(1)).toMatchObject({ method: 'HEAD' })
  })

  it('by plain HTTP is asked for in absolute form', async () => {
    const proxy = await proxyWith(200)
    expect(await ask({ http_proxy: `http://us:@${proxy.address}` }, 'reg.corp:5000', ['reg.corp:5000'])).toBe(
      true,
    )
    expect(proxy.seen[0]).toMatchObject({
      method: 'HEAD',
      target: `http://reg.corp:5000/v2/app/blobs/sha256:${'0'.repeat(64)}`,
      login: `Basic ${Buffer.from('us:').toString('base64')}`,
    })
  })

  it('is reached without the proxy if NO_PROXY has it', async () => {
    const proxy = await proxyWith(200)
    const env = { HTTP_PROXY: proxy.address, NO_PROXY: '127.0.0.0/8,.invalid' }
    expect(await failure(env, 'reg.invalid', ['reg.invalid'])).toMatchObject({ code: 'unreachable' })
    expect(proxy.seen).toEqual([])
  })
})

describe('a proxy that fails is named, and its password is not:', () => {
  it.each([
    [407, 'http', 'unreachable', false],
    [407, 'https', 'unreachable', false],
    [403, 'https', 'unreachable', false],
    [502, 'https', 'unreachable', false],
    [503, 'https', 'unreachable', false],
    [403, 'http', 'forbidden', false],
    [503, 'http', 'server-error', false],
  ] as const)('%i for %s', async (status, scheme, code, retryable) => {
    const proxy = await proxyWith(status)
    const variable = `${scheme.toUpperCase()}_PROXY`
    const env = { [variable]: `http://us:canary@${proxy.address}` }
    const error = await failure(env, 'reg.corp', scheme === 'http' ? ['reg.corp'] : [])
    expect(error).toMatchObject({ code, retryable, subject: { host: 'reg.corp' } })
    expect(error.message).toContain(proxy.address)
    expect(error.hint).toContain(variable)
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      expect(`${cause.message} ${JSON.stringify(cause)}`).not.toContain('canary')
  })

  it.each(['http', 'https'])('refused for %s', async scheme => {
    const proxy = await scriptedProxy(200)
    await proxy[Symbol.asyncDispose]()
    const env = { [`${scheme}_proxy`]: `http://us:canary@${proxy.address}` }
    const error = await failure(env, 'reg.corp', scheme === 'http' ? ['reg.corp'] : [])
    expect(error).toMatchObject({
      code: 'unreachable',
      message: `no answer from the proxy ${proxy.address} on the way to reg.corp: connection refused`,
      hint: expect.stringContaining(`${scheme}_proxy`),
    })
  })

  it('unresolved', async () => {
    expect(await failure({ HTTPS_PROXY: 'proxy.invalid:3128' })).toMatchObject({
      message: expect.stringMatching(/^no answer from the proxy proxy\.invalid:3128 .*does not resolve/),
    })
  })

  it('with a certificate that is not trusted', async () => {
    const made = await mkdtemp(join(tmpdir(), 'gpreg-other-'))
    cleanups.push(() => rm(made, { recursive: true }))
    const proxy = await proxyWith(200, {}, await makeCertificates(made))
    for (const variable of ['HTTPS_PROXY', 'HTTP_PROXY']) {
      const plainHttp = variable === 'HTTP_PROXY' ? ['reg.corp'] : []
      expect(await failure({ [variable]: `https://${proxy.address}` }, 'reg.corp', plainHttp)).toMatchObject({
        code: 'tls-untrusted',
        message: expect.stringContaining(`the certificate of the proxy ${proxy.address} is not trusted`),
        hint: expect.stringContaining(variable),
      })
    }
  })

  it('https:// to a port without TLS', async () => {
    const proxy = await proxyWith(200)
    expect(await failure({ HTTPS_PROXY: `https://${proxy.address}` })).toMatchObject({
      message: expect.stringContaining(`the proxy ${proxy.address} does not speak TLS`),
      hint: expect.stringContaining('HTTPS_PROXY'),
    })
  })
})

it('a proxy that cannot be used ends the run before any request', async () => {
  expect(await failure({ HTTPS_PROXY: 'socks5://127.0.0.1:1' })).toMatchObject({ code: 'usage' })
})
