import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GpregError } from '../../errors.ts'
import { readProxies } from './proxies.ts'

const find = (env: Record<string, string>, url = 'https://reg.corp') => readProxies(env).find(new URL(url))

/** User and password as they will be sent. */
const login = (value: string) => {
  const { username = '', password = '' } = find({ HTTPS_PROXY: value })?.url ?? {}
  return [decodeURIComponent(username), decodeURIComponent(password)]
}

it.each([
  [{ HTTPS_PROXY: 'http://p.corp:3128' }, 'https://reg.corp', 'p.corp:3128'],
  [{ HTTPS_PROXY: 'p.corp:3128' }, 'https://reg.corp', 'p.corp:3128'],
  [{ HTTPS_PROXY: 'p.corp' }, 'https://reg.corp', 'p.corp:80'],
  [{ HTTPS_PROXY: 'https://p.corp/' }, 'https://reg.corp', 'p.corp:443'],
  [{ HTTPS_PROXY: ' HTTP://10.0.0.1:8080/\n' }, 'https://reg.corp', '10.0.0.1:8080'],
  [{ HTTPS_PROXY: '[fd00::1]:3128' }, 'https://reg.corp', '[fd00::1]:3128'],
  [{ https_proxy: 'low:1', HTTPS_PROXY: 'up:2' }, 'https://reg.corp', 'low:1'],
  [{ https_proxy: '', HTTPS_PROXY: 'up:2' }, 'https://reg.corp', 'up:2'],
  [{ HTTP_PROXY: 'h:1', HTTPS_PROXY: 's:2' }, 'http://reg.corp:5000', 'h:1'],
  [{ HTTP_PROXY: 'h:1' }, 'https://reg.corp', undefined],
  [{ HTTPS_PROXY: 's:2' }, 'http://reg.corp', undefined],
  [{ HTTPS_PROXY: 's:2', NO_PROXY: 'other.corp', no_proxy: 'reg.corp' }, 'https://reg.corp', undefined],
  [{ HTTPS_PROXY: 's:2', no_proxy: '*' }, 'https://reg.corp', undefined],
  [{ HTTPS_PROXY: 's:2' }, 'https://127.0.0.1:5000', undefined],
  [{}, 'https://reg.corp', undefined],
] as [Record<string, string>, string, string | undefined][])('with %j, %s goes by %s', (env, url, address) =>
  expect(find(env, url)?.address).toBe(address),
)

it('a proxy is named after the variable that was read', () => {
  expect(find({ https_proxy: 'p.corp' })?.variable).toBe('https_proxy')
})

it.each([
  ['http://us:p@ss@p.corp:1', ['us', 'p@ss']],
  ['us:p:a:s@p.corp:1', ['us', 'p:a:s']],
  ['us:p%40ss%25@p.corp:1', ['us', 'p@ss%']],
  ['us:100%@p.corp:1', ['us', '100%']],
  ['us:%zz^|"< >é@p.corp:1', ['us', '%zz^|"< >é']],
  ['http://us@p.corp:1', ['us', '']],
  ['corp\\us:x@p.corp:1', ['corp\\us', 'x']],
  ['p.corp:1', ['', '']],
] as const)('the login of %s is %j', (value, expected) => expect(login(value)).toEqual(expected))

describe('a proxy that cannot be used is refused by the name of its variable:', () => {
  const error = (env: Record<string, string>): GpregError => {
    try {
      readProxies(env)
    } catch (thrown) {
      return thrown as GpregError
    }
    throw new GpregError('bug', 'it was not refused')
  }

  it.each([
    ['HTTPS_PROXY', 'socks5://p.corp:1080'],
    ['https_proxy', 'SOCKS5H://p.corp:1080'],
    ['HTTP_PROXY', 'socks://p.corp:1080'],
    ['HTTPS_PROXY', 'ftp://p.corp'],
    ['HTTPS_PROXY', 'http://'],
    ['HTTPS_PROXY', 'http://canary:canary@'],
    ['HTTPS_PROXY', 'http://p.corp:99999'],
    ['HTTPS_PROXY', 'http://us:can/ary@p.corp:1'],
    ['HTTPS_PROXY', 'http://us:canary@p corp:1'],
    ['http_proxy', ':3128'],
    ['ALL_PROXY', 'socks5://us:canary@p.corp:1080'],
    ['all_proxy', 'http://p.corp:3128'],
  ])('%s=%s', (variable, value) => {
    const refused = error({ [variable]: value })
    expect(refused).toMatchObject({ code: 'usage', message: expect.stringContaining(variable) })
    expect(refused.hint).toBeDefined()
    expect(JSON.stringify(refused)).not.toContain('canary')
  })

  it.each([{ HTTP_PROXY: 'p:1', HTTPS_PROXY: 'p:1' }, { NO_PROXY: '*' }])(
    'but ALL_PROXY does not matter beside %j',
    env => expect(() => readProxies({ ...env, ALL_PROXY: 'socks5://p:1' })).not.toThrow(),
  )
})

it('any value is a proxy or a usage error', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(0xffff).map(code => String.fromCharCode(code)) }), value => {
      try {
        find({ HTTPS_PROXY: value })
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'usage' })
      }
    }),
  )
})

it('any login is sent as it was written', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (user, password) => {
      fc.pre(!user.includes(':') && !/[/?#%\s]/.test(user + password))
      expect(login(`http://${user}:${password}@p.corp:1`)).toEqual([user, password])
    }),
  )
})
