import type { Context } from './context.ts'
import { abortedError, toGpregError, type GpregError } from './errors.ts'
import type { OciEvent } from './events.ts'

export interface RetryPolicy {
  /** tries in all, the first included */
  readonly attempts: number
  /** milliseconds before the second try; doubles from there */
  readonly base: number
  readonly cap: number
  /** Milliseconds of the longest `Retry-After` that is obeyed; default 15 minutes */
  readonly longestWait?: number
}

const LONGEST_WAIT = 15 * 60_000

/** Long enough for a registry that restarts (about a minute), short enough to report one that is down. */
export const PATIENT: RetryPolicy = { attempts: 7, base: 500, cap: 30_000 }

/** For requests whose owner asks in another way instead. */
export const NO_RETRY: RetryPolicy = { attempts: 1, base: 0, cap: 0 }

/** For stalls: each attempt already waited for the whole time-out. */
export const ONCE_MORE: RetryPolicy = { attempts: 2, base: 500, cap: 1_000 }

/** Where tries should not cost a minute: a host that never answered, whose name may be misspelt, and a reader with another way to go on. */
export const BRIEF: RetryPolicy = { attempts: 3, base: 300, cap: 1_000 }

/** The retry policy for an error. */
export function patienceFor(error: GpregError): RetryPolicy {
  return error.code === 'stalled' ? ONCE_MORE : PATIENT
}

/**
 * Runs `work` until it succeeds, fails for good, or the attempts of the policy are used up. `Retry-After` is obeyed, unless it asks for
 * no wait at all: that would use up all attempts at once. Otherwise waits double, with jitter, so that parallel work does not retry in
 * step. After the last attempt the error is marked non-retryable, so that nested retries do not multiply. If `policy` returns
 * undefined, the error is thrown unchanged and the caller may retry.
 */
export async function withRetry<T>(
  context: Context,
  operation: string,
  policy: RetryPolicy | ((error: GpregError) => RetryPolicy | undefined),
  work: (attempt: number) => Promise<T>,
  signal: AbortSignal = context.signal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (thrown) {
      if (signal.aborted) throw abortedError(thrown)
      const error = toGpregError(thrown)
      const chosen = typeof policy === 'function' ? policy(error) : policy
      if (!error.retryable || chosen === undefined) throw error
      const { attempts, longestWait = LONGEST_WAIT } = chosen
      if (attempt >= attempts || (error.retryAfter ?? 0) > longestWait) throw error.final()
      const delay = retryDelay(attempt, error, chosen, context.random())
      context.emit({ type: 'retry', operation, attempt, delay, error })
      await pause(context, delay, signal)
    }
  }
}

/** A context that counts its `retry` events. */
export function countRetries<E extends { readonly type: string } = OciEvent>(
  context: Context<E>,
): { readonly context: Context<E>; count(): number } {
  let count = 0
  const emit = (event: E): void => {
    if (event.type === 'retry') count++
    context.emit(event)
  }
  return { context: { ...context, emit }, count: () => count }
}

/** Milliseconds before the next try. */
export function retryDelay(attempt: number, error: GpregError, policy: RetryPolicy, random: number): number {
  // 0 is also a date that is past by the clock of this machine.
  if (error.retryAfter !== undefined && error.retryAfter > 0) return error.retryAfter
  return Math.round(Math.min(policy.cap, policy.base * 2 ** (attempt - 1)) * (0.5 + random / 2))
}

/** Waits; an abort ends the wait with the `aborted` error. */
export async function pause(
  context: Context,
  milliseconds: number,
  signal: AbortSignal = context.signal,
): Promise<void> {
  try {
    await context.sleep(milliseconds, signal)
  } catch (cause) {
    throw abortedError(cause)
  }
}
