import { Agent as HttpAgent } from 'node:http'
import { Agent } from 'node:https'
import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from '@azure/core-rest-pipeline'
import { createContext } from '@gpreg/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAcrAccess } from '../acr-access.ts'
import { TransportFailure } from './failure.ts'
import { Transport } from './transport.ts'

const request = (url = 'https://x/', abortSignal = new AbortController().signal) =>
  createPipelineRequest({ url, abortSignal })
const answering =
  (status: number, headers = {}) =>
  async (): Promise<PipelineResponse> => ({
    request: request(),
    status,
    headers: createHttpHeaders(headers),
    bodyAsText: '{"error":{"code":"Busy","message":"later"}}',
  })
const failing = (error: Error) => () => Promise.reject(error)
const abort = Object.assign(new Error('aborted'), { name: 'AbortError' })

afterEach(() => vi.unstubAllEnvs())

describe('the transport to Azure', () => {
  it('returns responses that are final', async () => {
    for (const status of [200, 202, 400, 401, 403, 404, 409]) {
      const transport = new Transport(undefined)
      expect((await transport.sendRequest(request(), answering(status))).status).toBe(status)
      expect(transport.failure).toBeUndefined()
    }
  })

  it('throws an error for temporary failures, with the time to wait', async () => {
    for (const [status, headers, retryAfter] of [
      [429, { 'Retry-After': '7' }, 7_000],
      [503, {}, undefined],
    ] as const) {
      const transport = new Transport(undefined)
      const sent = transport.sendRequest(request(), answering(status, headers))
      await expect(sent).rejects.toBeInstanceOf(TransportFailure)
      expect(transport.failure).toMatchObject({ status, code: 'Busy', message: 'later', retryAfter })
    }
  })

  it('tells a time-out from an abort', async () => {
    const silent = new Transport(undefined).sendRequest(request(), failing(abort))
    await expect(silent).rejects.toMatchObject({ name: 'TransportFailure', code: 'ETIMEDOUT' })
    const aborted = new Transport(undefined).sendRequest(
      request('https://x/', AbortSignal.abort()),
      failing(abort),
    )
    await expect(aborted).rejects.toBe(abort)
  })

  it('sets an agent for HTTPS, and another one for plain HTTP (the metadata service of a machine)', async () => {
    const [secure, plain] = [request('https://x/'), request('http://169.254.169.254/')]
    const transport = new Transport(['pem'])
    await transport.sendRequest(secure, answering(200))
    await transport.sendRequest(plain, answering(200))
    expect((secure.agent as Agent).options).toMatchObject({ ca: ['pem'] })
    expect(plain.agent).toBeInstanceOf(HttpAgent)
    expect(plain.agent).not.toBeInstanceOf(Agent)
  })
})

describe('an identity', () => {
  it.each(['environmentcredential', 'nonsense'])(
    'that AZURE_TOKEN_CREDENTIALS=%s does not find is "unauthorized"',
    async chosen => {
      for (const name of ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET']) vi.stubEnv(name, '')
      vi.stubEnv('AZURE_TOKEN_CREDENTIALS', chosen)
      const login = createAcrAccess().login('x.azurecr.io', createContext())
      await expect(login).rejects.toMatchObject({
        code: 'unauthorized',
        subject: { host: 'x.azurecr.io' },
        hint: expect.stringContaining('az login'),
      })
    },
  )

  it('is not waited for after an abort', async () => {
    const credential = { getToken: () => new Promise<never>(() => {}) }
    const access = createAcrAccess({ credential })
    const context = createContext({ signal: AbortSignal.timeout(20) })
    const given = Promise.race([access.login('x.azurecr.io', context), context.sleep(5_000)])
    await expect(given).rejects.toMatchObject({ code: 'aborted' })
  })
})
