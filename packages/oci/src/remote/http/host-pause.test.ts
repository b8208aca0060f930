import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { GpregError } from '../../errors.ts'
import type { OciEvent } from '../../events.ts'
import { HostPause } from './host-pause.ts'

const HOUR = 3_600_000
const asked = new GpregError('rate-limited', 'r.test answered 429', { host: 'r.test' })

/** A host with a clock of its own, which sleeping moves on. */
function pausing(longest: number) {
  let [now, clock] = [0, 0]
  const events: OciEvent[] = []
  const context = createContext({
    now: () => clock + now,
    elapsed: () => now,
    sleep: async milliseconds => void (now += milliseconds),
    emit: event => events.push(event),
  })
  return {
    pause: new HostPause({ host: 'r.test', longest }, context),
    context,
    events,
    now: () => now,
    setClock: (to: number) => void (clock = to),
  }
}

describe('a pause that a host asks for', () => {
  it('holds all requests back until its end', async () => {
    const { pause, context, now, events } = pausing(HOUR)
    pause.begin(3000, asked)
    await pause.gate(context.signal)
    expect(now()).toBe(3000)
    expect(events).toEqual([])
  })

  it('is no longer because the clock is set back', async () => {
    const { pause, context, now, setClock } = pausing(HOUR)
    pause.begin(3000, asked)
    setClock(-HOUR)
    await pause.gate(context.signal)
    expect(now()).toBe(3000)
  })

  it('keeps no process alive whose requests were given up', () => {
    const timers = () => process.getActiveResourcesInfo().filter(resource => resource === 'Timeout').length
    const abort = new AbortController()
    const before = timers()
    new HostPause({ host: 'r.test', longest: HOUR }, createContext({ signal: abort.signal })).begin(
      HOUR,
      asked,
    )
    expect(timers()).toBe(before)
    abort.abort()
  })

  it('is told when it begins and every minute, with its reason', async () => {
    const { pause, events } = pausing(HOUR)
    expect(pause.begin(150_000, asked).retryable).toBe(true)
    await new Promise(resolve => setImmediate(resolve))
    expect(events[0]).toEqual({
      type: 'host.waiting',
      host: 'r.test',
      left: 150_000,
      until: 150_000,
      reason: 'r.test answered 429',
    })
    expect(events.map(event => event.type === 'host.waiting' && event.left)).toEqual([
      150_000, 90_000, 30_000,
    ])
  })

  it('fails all requests at once if it is too long, until it is over', async () => {
    const { pause, context, now } = pausing(HOUR)
    const error = pause.begin(2 * HOUR, asked)
    expect(error).toMatchObject({ retryable: false, hint: expect.stringContaining('--max-wait 120m') })
    await expect(pause.gate(context.signal)).rejects.toBe(error)
    expect(now()).toBe(0)
    await context.sleep(2 * HOUR, context.signal)
    await pause.gate(context.signal)
  })
})
