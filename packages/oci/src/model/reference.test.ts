import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGpregError, type GpregError } from '../errors.ts'
import {
  formatName,
  formatPrefix,
  formatReference,
  joinPath,
  isHostLike,
  namesHost,
  parseAddress,
  parsePrefix,
  parseReference,
  tagOrDigest,
  tryParseReference,
} from './reference.ts'

const pin = `sha256:${'0'.repeat(64)}`

describe('parseReference', () => {
  it.each([
    ['redis', 'docker.io/library/redis:latest'],
    ['team/app', 'docker.io/team/app:latest'],
    ['docker.io/redis:6.2', 'docker.io/library/redis:6.2'],
    ['index.docker.io/a/b', 'docker.io/a/b:latest'],
    ['localhost/a', 'localhost/a:latest'],
    ['registry:5000/a', 'registry:5000/a:latest'],
    ['registry:5000/a:1', 'registry:5000/a:1'],
    ['[::1]:5000/a:1', '[::1]:5000/a:1'],
    [`redis@${pin}`, `docker.io/library/redis@${pin}`],
    [`quay.io/a/b:1@${pin}`, `quay.io/a/b:1@${pin}`],
    ['q.io/a__b/c-d.e:V1_x', 'q.io/a__b/c-d.e:V1_x'],
  ])('reads %s as %s', (text, normal) => {
    expect(formatReference(parseReference(text))).toBe(normal)
  })

  it.each([
    '',
    ' redis',
    'Redis',
    'a//b',
    'a/',
    '/a',
    'q.io/',
    'redis:',
    'redis@',
    'redis:a b',
    'redis@sha256:0',
    `redis@sha1:${'0'.repeat(40)}`,
    'redis:-x',
    `redis:${'x'.repeat(129)}`,
    'https://q.io/a',
    'q.io/../a',
    'a'.repeat(256),
    'q..io/a',
    'q.io:123456/a',
    'q.io:99999/a',
    'q.io:0/a',
    'q.io:/a',
    '[:::]:5000/a',
    '999.1.1.1/a',
  ])('refuses %j with a hint', text => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'reference-invalid', hint: expect.any(String) }),
    )
    expect(tryParseReference(text)).toBeUndefined()
  })

  it('throws nothing but typed errors, and what it reads stays what it is', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'aA0.:/@-_') }))
    fc.assert(
      fc.property(text, content => {
        try {
          const reference = parseReference(content)
          expect(parseReference(formatReference(reference))).toEqual(reference)
        } catch (error) {
          expect(isGpregError(error, 'reference-invalid')).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('parts of a reference', () => {
  it('are written alone', () => {
    expect(formatName(parseReference('redis:6'))).toBe('docker.io/library/redis')
    expect(tagOrDigest(parseReference('redis:6'))).toBe('6')
    expect(tagOrDigest(parseReference(`redis:6@${pin}`))).toBe(pin)
    expect(joinPath('', 'a')).toBe('a')
    expect(joinPath('p', 'a')).toBe('p/a')
  })

  it.each([
    ['quay.io/a', true],
    ['localhost/a', true],
    ['team/a', false],
    ['redis', false],
    ['redis:6', false],
  ])('%s names a host: %s', (text, named) => {
    expect(namesHost(text)).toBe(named)
  })
})

describe('parsePrefix', () => {
  it.each([
    ['r.io', { host: 'r.io', path: '' }],
    ['r.io/a/b/', { host: 'r.io', path: 'a/b' }],
    ['localhost:5000/a', { host: 'localhost:5000', path: 'a' }],
  ])('reads %s', (text, prefix) => {
    expect(parsePrefix(text)).toEqual(prefix)
    expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix)
  })

  it.each(['registry/a', 'registry'])('refuses %j, which Docker reads as a path, with a hint', text => {
    expect(() => parsePrefix(text)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('registry.internal') }),
    )
    expect(parseAddress(text).host).toBe('registry')
    expect(isHostLike('registry')).toBe(false)
  })
})

describe('an address', () => {
  it.each([
    ['https://r.io/a', /it has a scheme/],
    ['r.io/Upper', /lower case/],
    ['R.io/a', /lower case/],
    ['r.io/a:1', /"a:1" is not a repository path/],
    [`r.io/a@${pin}`, /not a repository path/],
    ['r.io//a', /"\/a" is not a repository path/],
    ['r.io/a//b', /"a\/\/b" is not a repository path/],
    ['r.io/a/../b', /not a repository path/],
    ['r.io/a b', /not a repository path/],
    [`r.io/${'a'.repeat(256)}`, /not a repository path/],
    ['', /"" is not a host name/],
    ['/', /"" is not a host name/],
    ['/a', /"" is not a host name/],
    ['//r.io/a', /"" is not a host name/],
    [' r.io/a', /not a host name/],
    ['r..io/a', /not a host name/],
    ['-r.io', /not a host name/],
    ['999.1.1.1', /not a host name/],
    ['[:::]:5000', /not a host name/],
    ['user@r.io', /it has a login/],
    ['r.io:99999/a', /port of "r\.io:99999" is not a number from 1 to 65535/],
    ['r.io:65536', /port/],
    ['r.io:0/a', /port/],
    ['r.io:/a', /port/],
    ['r.io:http/a', /port/],
  ])('is refused, by whoever reads it, with a hint: %j', (text, why) => {
    for (const parse of [parseAddress, parsePrefix])
      expect(() => parse(text)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: expect.stringMatching(why),
          hint: expect.any(String),
        }),
      )
  })

  it('that is read can be asked, and is written as it was read', () => {
    const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a01.:/[]-_') }))
    fc.assert(
      fc.property(texts, text => {
        try {
          const address = parseAddress(text)
          expect(URL.canParse(`https://${formatPrefix(address)}`)).toBe(true)
          expect(parseAddress(formatPrefix(address))).toEqual(address)
        } catch (error) {
          expect(isGpregError(error, 'usage')).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a login before a host', () => {
  it.each([
    'mirror:hunter2@r.io/a',
    'https://mirror:hunter2@r.io/a',
    'mirror:hunt/er2@r.io:5000/a:1',
    'hunter2@r.io/a:1',
    'mirror:hunter2@r.io/a@sha256:1',
  ])('is not shown, and the place for it is: %s', text => {
    for (const parse of [parseReference, parsePrefix]) {
      const error = thrownBy(() => parse(text))
      expect(error).toMatchObject({ message: expect.stringContaining('it has a login') })
      expect(`${error.message} ${error.hint}`).not.toMatch(/hunt/)
      expect(error.hint).toMatch(/gpreg login r\.io(:5000)?$/)
    }
  })

  it('is known in an address without a path', () => {
    expect(thrownBy(() => parsePrefix('mirror:hunter2@r.io:5000')).message).toBe(
      '"…@r.io:5000" is not the address of a registry: it has a login',
    )
  })

  it('is no digest and no tag', () => {
    expect(() => parseReference('redis:6@latest')).toThrow(/"latest" is not a sha256/)
    expect(() => parsePrefix('r.io/a@sha256:12')).toThrow(/is not a repository path/)
  })
})

function thrownBy(work: () => unknown): GpregError {
  try {
    work()
  } catch (error) {
    return error as GpregError
  }
  throw new Error('nothing was thrown')
}
