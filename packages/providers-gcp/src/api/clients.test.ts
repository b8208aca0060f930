import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { parseServiceAccountKey, createContext } from '@gpreg/core'
import { isGpregError } from '@gpreg/oci'
import { scriptedProxy } from '@gpreg/oci/testing'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { createGcpClients, gcpEndpoints } from './clients.ts'
import { identify } from './identity.ts'
import { createGoogleAccess } from '../google-access.ts'
// Loads the SDK before the time of a test runs.
import '../google-login.ts'

const directory = await mkdtemp(join(tmpdir(), 'gpreg-gcp-'))
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('endpoints', () => {
  it('come from the variables of gcloud', () => {
    const serviceUsage = 'https://serviceusage.internal/'
    expect(gcpEndpoints({ CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE: serviceUsage })).toEqual({
      serviceUsage,
    })
    const artifactRegistry = 'http://127.0.0.1:8080/'
    expect(gcpEndpoints({ CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: artifactRegistry })).toEqual({
      artifactRegistry,
    })
    expect(gcpEndpoints({ CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE: '' })).toEqual({})
  })

  it.each(['serviceusage.internal', 'ftp://serviceusage.internal/', 'https://proxy.internal/serviceusage/'])(
    'cannot be %s',
    async serviceUsage => {
      const created = createGcpClients({ endpoints: { serviceUsage } })
      await expect(created).rejects.toSatisfy(error => isGpregError(error, 'usage'))
    },
  )
})

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const credentials = parseServiceAccountKey(
  JSON.stringify({
    type: 'service_account',
    project_id: 'p1',
    client_email: 'gpreg@p1.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }),
  'key.json',
)

describe('a proxy without a scheme is one of plain HTTP, as for registries:', () => {
  const ask = {
    serviceusage: async () => {
      const { services } = await createGcpClients({ credentials })
      await services.getService({ name: 'projects/p1/services/artifactregistry.googleapis.com' })
    },
    artifactregistry: async () => {
      const { repositories } = await createGcpClients({ credentials })
      await repositories.getRepository({ name: 'projects/p1/locations/europe/repositories/r' })
    },
    oauth2: async () => {
      const access = createGoogleAccess({ serviceAccountKey: credentials })
      await access.login('gcr.io', createContext({ sleep: async () => {} }))
    },
  }

  // The proxy refuses, since no server of a test has a certificate of Google's.
  it.each(Object.entries(ask))('requests to %s go by it', async (service, request) => {
    await using proxy = await scriptedProxy(502)
    for (const name of ['HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, proxy.address)
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '')
    await expect(request()).rejects.toThrow()
    const asked = new Set(proxy.seen.map(({ method, target }) => `${method} ${target}`))
    expect(asked).toEqual(new Set([`CONNECT ${service}.googleapis.com:443`]))
  })

  it('one that is none is refused by the name of its variable', async () => {
    for (const name of ['HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, 'socks5://127.0.0.1:1080')
    const refused = { code: 'usage', message: expect.stringContaining('https_proxy names a SOCKS proxy') }
    await expect(createGcpClients({ credentials })).rejects.toMatchObject(refused)
    await expect(ask.oauth2()).rejects.toMatchObject(refused)
  })
})

describe('the identity', () => {
  it('is that of the given key, and no token is requested', async () => {
    await expect(identify(await createGcpClients({ credentials }))).resolves.toBeUndefined()
  })

  it('that cannot be read is "unauthorized", and the error contains nothing of its file', async () => {
    const path = join(directory, 'adc.json')
    await writeFile(path, 'canary')
    for (const file of [path, join(directory, 'missing.json')]) {
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
      for (const endpoints of [{}, { serviceUsage: 'http://127.0.0.1:1/' }]) {
        const error: unknown = await identify(await createGcpClients({ endpoints })).catch(
          (thrown: unknown) => thrown,
        )
        expect(error).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('gcloud auth') })
        expect(inspect(error, { depth: 9 })).not.toContain('canary')
      }
      const login = createGoogleAccess().login('gcr.io', createContext())
      await expect(login).rejects.toMatchObject({ code: 'unauthorized', subject: { host: 'gcr.io' } })
    }
  })
})
