import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatRelativeName, nameBelow, parseRelativeName, referenceBelow } from './name.ts'
import { formatReference, parsePrefix, parseReference } from './reference.ts'

const DIGEST = `sha256:${'0'.repeat(64)}` as const

describe('a name without a host', () => {
  it.each([
    ['library/redis:6.2', { repository: 'library/redis', tag: '6.2' }],
    ['redis', { repository: 'redis', tag: 'latest' }],
    [`redis@${DIGEST}`, { repository: 'redis', digest: DIGEST }],
    [`redis:6.2@${DIGEST}`, { repository: 'redis', tag: '6.2', digest: DIGEST }],
    [':1.0', { repository: '', tag: '1.0' }],
    [`@${DIGEST}`, { repository: '', digest: DIGEST }],
  ])('%s is read', (text, name) => expect(parseRelativeName(text)).toEqual(name))

  it.each(['', ':', '@', 'Redis:1', 'a//b:1', '/a:1', 'a/:1', 'a b', 'a:b:c', 'a@sha256:0', 'a:1\n'])(
    '%j is refused',
    text =>
      expect(() => parseRelativeName(text)).toThrowError(
        expect.objectContaining({ code: 'reference-invalid' }),
      ),
  )

  it('comes back from every prefix as it was', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}$/)
    const path = fc.array(part, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
    fc.assert(
      fc.property(path, part, fc.constantFrom('a.b', 'a.b/c', 'a.b:5000/c/d'), (repository, tag, prefix) => {
        const name = parseRelativeName(`${repository}:${tag}`)
        const to = parsePrefix(prefix)
        const reference = referenceBelow(to, name)
        expect(parseReference(formatReference(reference))).toEqual(reference)
        expect(nameBelow(to, reference)).toEqual(name)
        expect(parseRelativeName(formatRelativeName(name))).toEqual(name)
      }),
    )
  })

  it.each([
    ['registry.internal/team', ':1.0', 'registry.internal/team:1.0'],
    ['registry.internal', ':1.0', 'registry.internal/image:1.0'],
    ['registry.internal/team', 'redis:6.2', 'registry.internal/team/redis:6.2'],
  ])('below %s, %s is %s', (prefix, name, reference) =>
    expect(formatReference(referenceBelow(parsePrefix(prefix), parseRelativeName(name)))).toBe(reference),
  )

  it.each([
    'registry.internal/teamwork/redis:1',
    'elsewhere.internal/team/redis:1',
    'registry.internal/team:1',
  ])('%s does not lie below registry.internal/team', text =>
    expect(nameBelow(parsePrefix('registry.internal/team'), parseReference(text))).toBeUndefined(),
  )
})
