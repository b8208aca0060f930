import { describe, expect, it } from 'vitest'
import { isPrivateHost, isPrivateLiteral } from './private-address.ts'

describe('an address literal', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '[::1]',
    '[fd00::1]',
    '[fe80::1]',
    '[::ffff:10.0.0.1]',
    '0.0.0.0',
    'localhost',
  ])('%s is private', host => expect(isPrivateLiteral(host)).toBe(true))
  it.each(['8.8.8.8', '172.32.0.1', '[2600::1]', 'auth.docker.io', 'localhost.example.com'])(
    '%s is not',
    host => expect(isPrivateLiteral(host)).toBe(false),
  )
})

describe('a registry', () => {
  const resolve =
    (...addresses: string[]) =>
    async () =>
      addresses
  it.each(['registry', 'registry.internal', 'harbor.corp', '10.0.0.1', '[::1]'])(
    '%s is private by its name',
    async host => expect(await isPrivateHost(host, resolve('8.8.8.8'))).toBe(true),
  )
  it('is private if its name resolves only to private addresses', async () => {
    expect(await isPrivateHost('registry.example.com', resolve('10.0.0.1', 'fd00::1'))).toBe(true)
    expect(await isPrivateHost('registry.example.com', resolve('10.0.0.1', '8.8.8.8'))).toBe(false)
    expect(await isPrivateHost('registry.example.com', resolve())).toBe(false)
    expect(await isPrivateHost('registry.example.com', () => Promise.reject(new Error('no such name')))).toBe(
      false,
    )
  })
})
