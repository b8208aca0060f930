import { setTimeout as delay } from 'node:timers/promises'
import type { EventSink } from './events.ts'

/** The world as the engine sees it; tests pass another one. */
export interface Context {
  /** Receives every event; must not throw. */
  readonly emit: EventSink
  /** Ends all work: requests, streams and waits. */
  readonly signal: AbortSignal
  /** milliseconds since the epoch */
  now(): number
  /** Waits, or rejects when the signal fires. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
  /** 0 ≤ x < 1 */
  random(): number
}

export function createContext(overrides: Partial<Context> = {}): Context {
  return {
    emit: () => {},
    signal: new AbortController().signal,
    now: Date.now,
    sleep: async (milliseconds, signal) => {
      await delay(milliseconds, undefined, signal === undefined ? {} : { signal })
    },
    random: Math.random,
    ...overrides,
  }
}
