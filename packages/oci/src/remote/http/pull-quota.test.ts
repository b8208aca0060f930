import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { OciEvent } from '../../events.ts'
import { PullQuota } from './pull-quota.ts'

function quotaThat(wait: boolean) {
  let now = 0
  const events: OciEvent[] = []
  const context = createContext({
    emit: event => events.push(event),
    elapsed: () => now,
    sleep: async milliseconds => void (now += milliseconds),
  })
  return {
    quota: new PullQuota({ host: 'docker.io', side: 'source', wait }, context),
    events,
    now: () => now,
  }
}

describe('a host with no pulls left', () => {
  it('is waited for, with one countdown for all requests', async () => {
    const { quota, events, now } = quotaThat(true)
    quota.note('0;w=21600')
    await Promise.all([quota.ration(), quota.ration()])
    expect(now()).toBe(15 * 60_000)
    expect(events).toHaveLength(15)
    expect(events[0]).toEqual({ type: 'quota.waiting', host: 'docker.io', left: 15 * 60_000 })
    expect(events.at(-1)).toMatchObject({ left: 60_000 })
  })

  it('is not waited for longer than its window', async () => {
    const { quota, now } = quotaThat(true)
    quota.note('0;w=30')
    await quota.ration()
    expect(now()).toBe(30_000)
  })

  it('fails with a hint if waiting is not allowed', async () => {
    const { quota } = quotaThat(false)
    quota.note('0;w=21600')
    await expect(quota.ration()).rejects.toMatchObject({
      code: 'rate-limited',
      retryable: false,
      hint: expect.stringContaining('--wait-for-quota'),
    })
  })
})

it.each(['1;w=21600', '76', '0', undefined, 'rubbish'])(
  'a quota of %j holds no request back',
  async header => {
    const { quota, now } = quotaThat(false)
    quota.note(header)
    await quota.ration()
    expect(now()).toBe(0)
  },
)
