import { describe, expect, it } from 'vitest'
import { unifyProxies } from './proxy-environment.ts'

const DIRECT = 'localhost,127.0.0.1,::1,169.254.169.254,metadata.google.internal'

const unified = (env: NodeJS.ProcessEnv) => {
  const copy = { ...env }
  unifyProxies(copy)
  return copy
}
const both = (name: string, value: string) => ({ [name]: value, [name.toLowerCase()]: value })
const way = (name: string, value: string, exceptions = '') => ({
  ...both(name, value),
  ...both('NO_PROXY', exceptions + DIRECT),
})

describe('the variables of proxies are rewritten for other libraries', () => {
  it.each([
    [{ HTTPS_PROXY: 'p.corp:3128' }, way('HTTPS_PROXY', 'http://p.corp:3128/')],
    [{ https_proxy: 'us:p@ss@p.corp' }, way('HTTPS_PROXY', 'http://us:p%40ss@p.corp/')],
    [{ https_proxy: 'low:1', HTTPS_PROXY: 'up:2' }, way('HTTPS_PROXY', 'http://low:1/')],
    [{ HTTP_PROXY: ' HTTP://10.0.0.1:8080\n' }, way('HTTP_PROXY', 'http://10.0.0.1:8080/')],
    [{ HTTPS_PROXY: 'https://p.corp:443' }, way('HTTPS_PROXY', 'https://p.corp/')],
    [
      { HTTPS_PROXY: 'p', no_proxy: 'Corp.Net .a.corp *.b.corp' },
      way('HTTPS_PROXY', 'http://p/', 'corp.net,.corp.net,.a.corp,*.b.corp,'),
    ],
    [
      { HTTPS_PROXY: 'p', NO_PROXY: '10.0.0.0/8,127.0.0.2,[::2],fd00::1,reg.corp:5000,,' },
      way('HTTPS_PROXY', 'http://p/', '10.0.0.0/8,127.0.0.2,[::2],fd00::1,reg.corp:5000,'),
    ],
    [{ NO_PROXY: 'corp' }, { NO_PROXY: 'corp' }],
    [{ HTTPS_PROXY: 'p', http_proxy: 'p', ALL_PROXY: 'socks5://p', NO_PROXY: 'a,*' }, { NO_PROXY: 'a,*' }],
    [
      { HTTPS_PROXY: '', PATH: '/bin' },
      { HTTPS_PROXY: '', PATH: '/bin' },
    ],
  ] as [NodeJS.ProcessEnv, NodeJS.ProcessEnv][])('%j becomes %j', (env, expected) => {
    expect(unified(env)).toEqual(expected)
    // Every library that needs it asks for it, so the second time must be as the first.
    expect(unified(expected)).toEqual(expected)
  })

  it('the proxies that are named are returned', () => {
    const { https, http } = unifyProxies({ HTTPS_PROXY: 'p.corp:3128' })
    expect([https?.address, http]).toEqual(['p.corp:3128', undefined])
  })

  it.each(['socks5://p.corp:1080', 'p.corp:port', 'ftp://p.corp'])('%s is refused by name', value =>
    expect(() => unifyProxies({ HTTPS_PROXY: value })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('HTTPS_PROXY') }),
    ),
  )
})
