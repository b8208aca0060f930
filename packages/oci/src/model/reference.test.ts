import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGpregError } from '../errors.ts'
import {
  formatName,
  formatPrefix,
  formatReference,
  joinPath,
  namesHost,
  parsePrefix,
  parseReference,
  tagOrDigest,
  tryParseReference,
} from './reference.ts'

const pin = `sha256:${'0'.repeat(64)}`

describe('parseReference', () => {
  it.each([
    ['redis', 'docker.io/library/redis:latest'],
    ['team/server', 'docker.io/team/server:latest'],
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

  it.each(['https://r.io/a', 'r.io/Upper', 'registry/a', 'r.io/a:1', `r.io/a@${pin}`, '', '/a', 'r.io//a'])(
    'refuses %j with a hint',
    text => {
      expect(() => parsePrefix(text)).toThrow(
        expect.objectContaining({ code: 'usage', hint: expect.any(String) }),
      )
    },
  )
})
