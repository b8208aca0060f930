import { setTimeout as delay } from 'node:timers/promises'
import type { EventSink, OciEvent } from './events.ts'

/** Clock, randomness, events and abort signal of the engine; tests pass their own. @typeParam E the events, which a package above may extend */
export interface Context<E = OciEvent> {
  /** Receives every event; must not throw. */
  readonly emit: EventSink<E>
  /** Ends all work: requests, streams and waits. */
  readonly signal: AbortSignal
  /** The time of day, in milliseconds since the epoch. It may jump when the clock is set. */
  now(): number
  /** Milliseconds since some fixed moment. It never goes back or jumps, so time-outs are measured with it. */
  elapsed(): number
  /** Milliseconds of {@link elapsed} in which the process had nothing to do but to wait. */
  idle(): number
  /** Waits, or rejects when the signal fires. With `ref: false` the wait keeps no process alive. */
  sleep(milliseconds: number, signal?: AbortSignal, options?: { readonly ref?: boolean }): Promise<void>
  /** 0 ≤ x < 1 */
  random(): number
}

/** The longest wait of a timer, in milliseconds; a longer one would end at once. https://nodejs.org/api/timers.html */
const LONGEST_TIMER = 2 ** 31 - 1

export function createContext<E = OciEvent>(overrides: Partial<Context<E>> = {}): Context<E> {
  return {
    emit: () => {},
    signal: new AbortController().signal,
    now: Date.now,
    elapsed: () => performance.now(),
    idle: () => performance.nodeTiming.idleTime,
    sleep: async (milliseconds, signal, { ref = true } = {}) => {
      const options = signal === undefined ? { ref } : { ref, signal }
      let left = milliseconds
      do await delay(Math.min(left, LONGEST_TIMER), undefined, options)
      while ((left -= LONGEST_TIMER) > 0)
    },
    random: Math.random,
    ...overrides,
  }
}
