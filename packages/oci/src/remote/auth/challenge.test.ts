import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChallenges } from './challenge.ts'

describe('parseChallenges', () => {
  it('reads what registries send', () => {
    const header =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/redis:pull,push"'
    expect(parseChallenges(header)).toEqual([
      {
        scheme: 'bearer',
        realm: 'https://auth.docker.io/token',
        service: 'registry.docker.io',
        scope: 'repository:library/redis:pull,push',
      },
    ])
    expect(parseChallenges('Basic realm="a \\"quoted\\" realm"')).toEqual([
      { scheme: 'basic', realm: 'a "quoted" realm' },
    ])
  })

  it('reads several challenges in one header and skips unknown schemes', () => {
    expect(parseChallenges('Negotiate, Basic realm="r", bearer realm=https://t/x')).toEqual([
      { scheme: 'basic', realm: 'r' },
      { scheme: 'bearer', realm: 'https://t/x' },
    ])
  })

  it('finds no challenge in a malformed header', () => {
    expect(parseChallenges(undefined)).toEqual([])
    expect(parseChallenges('Bearer service="no realm"')).toEqual([])
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => Array.isArray(parseChallenges(text))))
    // fast-check takes seconds to build its table of characters.
  }, 20_000)

  it('reads back every challenge that it can write', () => {
    const quotable = fc.string({ unit: fc.constantFrom(...'abc:/.,= "\\') })
    const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
    fc.assert(
      fc.property(quotable, quotable, (realm, scope) => {
        expect(parseChallenges(`Bearer realm=${quote(realm)}, scope=${quote(scope)}`)).toEqual([
          { scheme: 'bearer', realm, scope },
        ])
      }),
    )
  })
})
