import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NoProxy } from './no-proxy.ts'

const has = (list: string, url: string) => new NoProxy(list).has(new URL(url))

it.each([
  // names
  ['reg.corp', 'https://reg.corp', true],
  ['REG.Corp', 'https://reg.corp', true],
  ['reg.corp', 'https://a.reg.corp', true],
  ['reg.corp', 'https://areg.corp', false],
  ['.reg.corp', 'https://a.b.reg.corp', true],
  ['.reg.corp', 'https://reg.corp', false],
  ['*.reg.corp', 'https://a.reg.corp', true],
  ['*.reg.corp', 'https://reg.corp', false],
  ['reg.corp.', 'https://reg.corp', true],
  ['reg.corp', 'https://reg.corp.', true],
  ['münchen.example', 'https://münchen.example', true],
  ['.münchen.example', 'https://a.xn--mnchen-3ya.example', true],
  ['reg*', 'https://reg.corp', false],
  // ports
  ['reg.corp:443', 'https://reg.corp', true],
  ['reg.corp:443', 'http://reg.corp', false],
  ['reg.corp:80', 'http://reg.corp', true],
  ['.corp:5000', 'https://reg.corp:5000', true],
  ['.corp:5000', 'https://reg.corp:5001', false],
  ['reg.corp:https', 'https://reg.corp', false],
  [':443', 'https://reg.corp', false],
  // addresses
  ['10.1.2.3', 'https://10.1.2.3', true],
  ['10.1.2.3', 'https://10.1.2.30', false],
  ['10.1.2.3:5000', 'https://10.1.2.3:5000', true],
  ['10.1.2.3:5000', 'https://10.1.2.3', false],
  ['.2.3', 'https://10.1.2.3', false],
  ['fd00::7', 'https://[fd00::7]:5000', true],
  ['[fd00::7]', 'https://[fd00::7]', true],
  ['[fd00::7]:5000', 'https://[fd00::7]:5000', true],
  ['[fd00::7]:5000', 'https://[fd00::7]', false],
  ['fd00:0:0::7', 'https://[fd00::7]', true],
  ['10.1.2.3', 'https://[::ffff:10.1.2.3]', true],
  // networks
  ['10.0.0.0/8', 'https://10.255.0.1', true],
  ['10.9.9.9/8', 'https://10.255.0.1', true],
  ['10.0.0.0/8', 'https://11.0.0.1', false],
  ['10.0.0.0/8', 'https://ten.example', false],
  ['192.168.4.0/22', 'https://192.168.7.255', true],
  ['192.168.4.0/22', 'https://192.168.8.0', false],
  ['fd00::/8', 'https://[fdab::1]', true],
  ['fd00::/8', 'https://[fe80::1]', false],
  ['0.0.0.0/0', 'https://1.2.3.4', true],
  ['10.0.0.0/33', 'https://10.0.0.1', false],
  ['10.0.0.0/', 'https://10.0.0.1', false],
  // lists
  ['a.example, .b.example c.example\t10.0.0.0/8', 'https://c.example', true],
  [',, ,reg.corp,', 'https://reg.corp', true],
  ['*', 'https://anything.example', true],
  ['a.example, *', 'https://1.2.3.4', true],
  ['', 'https://reg.corp', false],
])('NO_PROXY=%s holds %s: %s', (list, url, expected) => expect(has(list, url)).toBe(expected))

it.each(['http://localhost:5000', 'https://127.0.0.1', 'https://127.9.9.9', 'https://[::1]:5000'])(
  '%s is on every list',
  url => expect(has('', url)).toBe(true),
)

describe('any list', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
  const name = fc.array(label, { minLength: 2, maxLength: 4 }).map(labels => labels.join('.'))

  it('is read', () => {
    fc.assert(fc.property(fc.string(), name, (list, host) => void has(list, `https://${host}`)))
  })

  it('with a name holds it and all below, and with a dot only what is below', () => {
    fc.assert(
      fc.property(name, label, (host, below) => {
        expect(has(host, `https://${host}`) && has(host, `https://${below}.${host}`)).toBe(true)
        expect(has(`.${host}`, `https://${host}`)).toBe(false)
        expect(has(`*.${host}`, `https://${below}.${host}`)).toBe(true)
      }),
    )
  })

  it('with a network holds the addresses that share its prefix', () => {
    const address = fc.integer({ min: 0, max: 0xffffffff })
    const text = (value: number) => [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.')
    fc.assert(
      fc.property(address, address, fc.integer({ min: 1, max: 32 }), (network, other, prefix) => {
        fc.pre(other >>> 24 !== 127)
        const isShared = network >>> (32 - prefix) === other >>> (32 - prefix)
        expect(has(`${text(network)}/${prefix}`, `https://${text(other)}`)).toBe(isShared)
      }),
    )
  })
})
