import { describe, expect, it } from 'vitest'
import { tokenServer } from './realm.ts'

const at = (registry: string, realm: string) => tokenServer(realm, new URL(`${registry}/v2/`), 'source')

describe('a token server', () => {
  it.each([
    ['https://registry-1.docker.io', 'https://auth.docker.io/token'],
    ['http://registry.internal', 'http://registry.internal/token'],
    ['https://registry.internal', 'https://10.0.0.1/token'],
    ['https://10.0.0.2', 'https://10.0.0.1/token'],
    ['https://127.0.0.1:5000', 'https://127.0.0.1:5001/token'],
  ])('of %s may be %s', async (registry, realm) => {
    await expect(at(registry, realm)).resolves.toMatchObject({ href: realm })
  })

  it.each([
    ['https://registry.internal', 'http://registry.internal/token', 'https://registry.internal/token'],
    ['https://registry.internal', 'http://Registry.Internal:80/t?a=b', 'https://registry.internal/t?a=b'],
    ['https://registry.internal', 'http://registry.internal:443/token', 'https://registry.internal/token'],
    ['https://r.internal:5050', 'http://r.internal:5050/token', 'https://r.internal:5050/token'],
    ['https://r.internal:5050', 'http://r.internal/jwt/auth', 'https://r.internal/jwt/auth'],
  ])('of %s that is called %s is %s', async (registry, realm, server) => {
    await expect(at(registry, realm)).resolves.toMatchObject({ href: server })
  })

  it.each([
    ['https://registry-1.docker.io', 'http://auth.docker.io/token'],
    ['https://registry.internal', 'http://registry.internal:8080/token'],
    ['https://registry.internal', 'http://auth.registry.internal/token'],
    ['https://8.8.8.8', 'https://10.0.0.1/token'],
    ['https://8.8.8.8', 'https://169.254.169.254/latest'],
    ['https://8.8.8.8', 'https://[::1]/token'],
    ['https://8.8.8.8', 'https://localhost/token'],
    ['https://8.8.8.8', 'file:///etc/passwd'],
    ['https://8.8.8.8', 'token'],
  ])('of %s may not be %s', async (registry, realm) => {
    await expect(at(registry, realm)).rejects.toMatchObject({ code: 'protocol', hint: expect.any(String) })
  })
})
