import { describe, expect, it } from 'vitest'
import { Authority, type TokenFetch } from './authority.ts'
import { GpregError } from '../../errors.ts'
import type { Challenge } from './challenge.ts'

const { signal } = new AbortController()
it.each<Challenge>([{ scheme: 'bearer', realm: 'https://auth.corp/token' }, { scheme: 'basic' }])(
  'a registry token is sent as it is, once the registry asks: %j',
  async challenge => {
    const authority = new Authority({
      host: 'r.corp',
      side: 'source',
      credential: async () => ({ username: '', password: '', registryToken: 'abc' }),
      fetchToken: () => Promise.reject(new TypeError('a token server was asked')),
      now: () => 0,
    })
    expect(await authority.header([], signal)).toBeUndefined()
    expect(await authority.renew([challenge], [], undefined, signal)).toBe('Bearer abc')
    expect(await authority.header([], signal)).toBe('Bearer abc')
    expect(await authority.renew([challenge], [], 'Bearer abc', signal)).toBeUndefined()
  },
)

describe('a login that a token server refuses', () => {
  const challenge: Challenge = { scheme: 'bearer', realm: 'https://auth.corp/token' }
  const scope = (repository: string) => [{ repository, actions: 'pull' }] as const
  const withLogin = (fetchToken: TokenFetch, now = () => 0) =>
    new Authority({
      host: 'r.corp',
      side: 'source',
      credential: async () => ({ username: 'ada', password: 'secret' }),
      fetchToken,
      now,
    })

  it.each([
    [401, 1, 'is not tried for other repositories, because it is wrong for all'],
    [403, 2, 'is tried for other repositories, because it may be enough for those'],
  ])('with status %i is sent %i times: it %s', async (status, times) => {
    let asked = 0
    const authority = withLogin(async () => {
      asked++
      throw new GpregError(status === 401 ? 'unauthorized' : 'forbidden', 'refused', { status })
    })
    await expect(authority.renew([challenge], scope('app'), undefined, signal)).rejects.toMatchObject({
      subject: { status },
    })
    await expect(authority.header(scope('web'), signal)).rejects.toMatchObject({ subject: { status } })
    expect(asked).toBe(times)
  })

  it('is tried again after five minutes, because it may work again', async () => {
    let [now, isWrong, asked] = [0, true, 0]
    const answer = async () => {
      asked++
      if (isWrong) throw new GpregError('unauthorized', 'locked', { status: 401 })
      return { value: 'token', renewAt: Infinity }
    }
    const authority = withLogin(answer, () => now)
    await expect(authority.renew([challenge], scope('app'), undefined, signal)).rejects.toThrow('locked')
    isWrong = false
    now = 5 * 60_000 - 1
    await expect(authority.header(scope('app'), signal)).rejects.toThrow('locked')
    expect(asked).toBe(1)
    now++
    const [first, second] = await Promise.allSettled([
      authority.header(scope('app'), signal),
      authority.header(scope('web'), signal),
    ])
    expect(first).toMatchObject({ value: 'Bearer token' })
    expect(second, 'tried at the same time').toMatchObject({ reason: { message: 'locked' } })
    expect(await authority.header(scope('web'), signal)).toBe('Bearer token')
  })
})

describe('a registry that wants rights on another name than it was asked for', () => {
  const realm = 'https://auth.corp/token'
  const challenge = (scope: string): Challenge => ({ scheme: 'bearer', realm, scope })
  const scopes = [{ repository: 'app', actions: 'pull' }] as const

  /** An authority whose tokens are the scopes that they were requested for. */
  const authority = () =>
    new Authority({
      host: 'r.corp',
      side: 'source',
      credential: async () => undefined,
      fetchToken: async (_challenge, asked) => ({ value: asked.join(' + '), renewAt: Infinity }),
      now: () => 0,
    })

  it('gets a token for both names, at once from then on', async () => {
    const both = 'Bearer repository:app:pull + repository:team/app:pull'
    const known = authority()
    expect(await known.renew([challenge('repository:team/app:pull')], scopes, undefined, signal)).toBe(both)
    expect(await known.header(scopes, signal)).toBe(both)
    expect(await known.header([{ repository: 'web', actions: 'pull' }], signal)).toBe(
      'Bearer repository:web:pull',
    )
  })

  it('may say so after it was sent a token', async () => {
    const known = authority()
    const own = await known.renew([challenge('repository:app:pull')], scopes, undefined, signal)
    expect(own).toBe('Bearer repository:app:pull')
    expect(await known.renew([challenge('repository:x:pull')], scopes, own, signal)).toBe(
      'Bearer repository:app:pull + repository:x:pull',
    )
  })

  it('is not followed where no right is wanted', async () => {
    expect(await authority().renew([challenge('repository:user/image:pull')], [], undefined, signal)).toBe(
      'Bearer ',
    )
  })
})

describe('a token that many requests need at once', () => {
  const challenge: Challenge = { scheme: 'bearer', realm: 'https://auth.corp/token' }
  const scopes = [{ repository: 'app', actions: 'pull' }] as const
  const times = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: 4 }, work))

  /** An authority that gets `t1`, `t2`, …, each for ten milliseconds; other outcomes by `fail`. */
  function counted() {
    const clock = { now: 0, asked: 0, fail: false }
    const authority = new Authority({
      host: 'r.corp',
      side: 'source',
      credential: async () => undefined,
      fetchToken: async () => {
        clock.asked++
        if (clock.fail) throw new GpregError('unreachable', 'cut')
        return { value: `t${clock.asked}`, renewAt: clock.now + 10 }
      },
      now: () => clock.now,
    })
    return { authority, clock }
  }

  it('is requested once, at first, when it has expired, and when it was refused', async () => {
    const { authority, clock } = counted()
    await authority.renew([challenge], [], undefined, signal)
    expect(await times(() => authority.header(scopes, signal))).toEqual(Array(4).fill('Bearer t2'))
    clock.now = 10
    expect(await times(() => authority.header(scopes, signal))).toEqual(Array(4).fill('Bearer t3'))
    const renewed = await times(() => authority.renew([challenge], scopes, 'Bearer t3', signal))
    expect(renewed).toEqual(Array(4).fill('Bearer t4'))
    expect(await authority.renew([challenge], scopes, 'Bearer t3', signal)).toBe('Bearer t4')
  })

  it('is requested again after a failure', async () => {
    const { authority, clock } = counted()
    await authority.renew([challenge], [], undefined, signal)
    clock.fail = true
    await expect(times(() => authority.header(scopes, signal))).rejects.toMatchObject({ code: 'unreachable' })
    expect(clock.asked).toBe(2)
    clock.fail = false
    expect(await authority.header(scopes, signal)).toBe('Bearer t3')
  })
})
