import { createContext } from '@gpreg/core'
import { scriptedServer } from '@gpreg/oci/testing'
import { afterEach, expect, it, vi } from 'vitest'
import { createGoogleAccess } from './google-access.ts'
// Loads the SDK before the time of a test runs.
import './google-login.ts'

afterEach(() => vi.unstubAllEnvs())

it('a pod of GKE with a workload identity logs in by the metadata server', async () => {
  await using metadata = await scriptedServer(({ url = '', headers }, response) => {
    const type = url.includes('/token') ? 'application/json' : 'text/plain'
    const status = headers['metadata-flavor'] === 'Google' ? 200 : 403
    response.writeHead(status, { 'metadata-flavor': 'Google', 'content-type': type })
    if (url.includes('/token')) {
      return void response.end('{"access_token":"ya29.workload","expires_in":3600,"token_type":"Bearer"}')
    }
    response.end(url.includes('universe') ? 'googleapis.com' : 'p1')
  })
  vi.stubEnv('GCE_METADATA_HOST', metadata.host)
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined)
  vi.stubEnv('HOME', '/nonexistent')
  vi.stubEnv('CLOUDSDK_CONFIG', '/nonexistent')
  const host = 'europe-west1-docker.pkg.dev'
  const login = await createGoogleAccess().login(host, createContext({ sleep: async () => {} }))
  expect([login.username, login.password.reveal()]).toEqual(['oauth2accesstoken', 'ya29.workload'])
  expect(metadata.seen.every(({ headers }) => headers['metadata-flavor'] === 'Google')).toBe(true)
})
