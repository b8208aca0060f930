import { hashSync } from 'bcryptjs'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseHtpasswd, type Htpasswd } from './htpasswd.ts'

const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`

/** Milliseconds of processor time that this process has had, threads included: other processes do not make it longer. */
const processorTime = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Processor time that a login takes, by user: the shortest of some tries in turns. */
async function timesOf(users: Htpasswd, ...names: string[]): Promise<number[]> {
  const times = names.map(() => Infinity)
  for (let round = 0; round < 6; round++) {
    for (const [at, name] of names.entries()) {
      const started = processorTime()
      expect(await users.allows(basic(`${name}:wrong-${round}`), 'client')).toBe(false)
      times[at] = Math.min(times[at]!, processorTime() - started)
    }
  }
  return times
}

describe('a wrong password', () => {
  let users: Htpasswd
  beforeAll(() => {
    users = parseHtpasswd(`low:${hashSync('a', 4)}\nmiddle:${hashSync('b', 7)}\nhigh:${hashSync('c', 10)}`)
  })

  it('takes as long for every user, and for one that does not exist', async () => {
    const times = await timesOf(users, 'low', 'middle', 'high', 'nobody')
    // Cost 4 alone would take a 64th of the time of cost 10.
    expect(Math.max(...times) / Math.min(...times)).toBeLessThan(2)
  }, 30_000)

  it('takes no longer than the slowest user, if all are quick', async () => {
    const quick = parseHtpasswd(`one:${hashSync('a', 4)}`)
    const [[slowest], [nobody]] = [await timesOf(users, 'high'), await timesOf(quick, 'nobody')]
    expect(nobody).toBeLessThan(slowest! / 4)
  }, 30_000)
})

describe('guessing', () => {
  const slow = parseHtpasswd(`me:${hashSync('secret', 11)}\nyou:${hashSync('other', 11)}`)

  it('holds up neither the event loop nor who is logged in', async () => {
    expect(await slow.allows(basic('me:secret'), 'me')).toBe(true)
    const guesses = Array.from({ length: 6 }, (_, at) => slow.allows(basic(`me:guess-${at}`), 'stranger'))
    let rounds = 0
    let isDone = false
    const all = Promise.all(guesses).then(results => {
      isDone = true
      return results
    })
    while (!isDone) {
      expect(await slow.allows(basic('me:secret'), 'me')).toBe(true)
      await delay(1)
      rounds++
    }
    expect(await all).toEqual(Array(6).fill(false))
    // In this thread, bcrypt would let the event loop turn a few times for each guess.
    expect(rounds).toBeGreaterThan(40)
  }, 30_000)

  it('does not go before the first login of another client', async () => {
    const order: string[] = []
    const guesses = Array.from({ length: 8 }, (_, at) =>
      slow.allows(basic(`you:guess-${at}`), 'stranger').then(() => order.push('guess')),
    )
    await slow.allows(basic('you:other'), 'you').then(isRight => order.push(`login ${isRight}`))
    await Promise.all(guesses)
    expect(order.indexOf('login true')).toBeLessThanOrEqual(2)
  }, 30_000)

  it('is refused beyond a number of waiting guesses', async () => {
    const quick = parseHtpasswd(`me:${hashSync('secret', 4)}`)
    const all = await Promise.allSettled(
      Array.from({ length: 200 }, (_, at) => quick.allows(basic(`me:${at}`), 'stranger')),
    )
    const refusals = all.filter(each => each.status === 'rejected')
    expect(refusals.length).toBeGreaterThan(100)
    expect(refusals[0]!.reason).toMatchObject({ status: 429, headers: { 'retry-after': expect.any(String) } })
    expect(await quick.allows(basic('me:secret'), 'stranger')).toBe(true)
  })
})

it('compares a login once, however many requests bring it', async () => {
  const users = parseHtpasswd(`me:${hashSync('secret', 11)}`)
  const started = processorTime()
  await users.allows(basic('me:secret'), 'client')
  const once = processorTime() - started
  const others = Array.from({ length: 500 }, () => users.allows(basic('me:secret'), 'client'))
  expect(new Set(await Promise.all(others))).toEqual(new Set([true]))
  expect(processorTime() - started).toBeLessThan(3 * once)
})

it.each([
  ['no header', undefined],
  ['another scheme', 'Bearer x'],
  ['no colon', basic('me')],
  ['nothing', basic('')],
  ['an empty password', basic('me:')],
  ['the hash itself', basic(`me:${hashSync('secret', 4)}`)],
])('does not let in %s', async (_, header) => {
  expect(await parseHtpasswd(`me:${hashSync('secret', 4)}`).allows(header, 'client')).toBe(false)
})
