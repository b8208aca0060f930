import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { parseServiceAccountKey, createContext } from '@gpreg/core'
import { isGpregError } from '@gpreg/oci'
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

describe('the identity', () => {
  it('is that of the given key, and no token is requested', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const content = {
      type: 'service_account',
      project_id: 'p1',
      client_email: 'gpreg@p1.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    }
    const credentials = parseServiceAccountKey(JSON.stringify(content), 'key.json')
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
