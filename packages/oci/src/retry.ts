import type { Context } from './context.ts'
import { abortedError, toGpregError, type GpregError } from './errors.ts'
import type { OciEvent } from './events.ts'

export interface RetryPolicy {
  /** tries in all, the first included */
  readonly attempts: number
  /** milliseconds before the second try; doubles from there */
  readonly base: number
  readonly cap: number
}

/** Rides out a registry that restarts (about a minute) without hiding one that is gone. */
export const PATIENT: RetryPolicy = { attempts: 7, base: 500, cap: 30_000 }

/** A time-out for no progress has been waited for already; a second one is enough. */
export const ONCE_MORE: RetryPolicy = { attempts: 2, base: 500, cap: 1_000 }

/** For a host that never answered in this run: a typing error should not cost a minute. */
export const BRIEF: RetryPolicy = { attempts: 3, base: 300, cap: 1_000 }

/** A registry that asks for longer than this is not waited for. */
const MAX_RETRY_AFTER = 15 * 60_000

/** How often an error of this kind is worth another try. */
export function patienceFor(error: GpregError): RetryPolicy {
  return error.code === 'stalled' ? ONCE_MORE : PATIENT
}

/**
 * Runs `work` until it succeeds, fails for good, or the policy is used up. What the other side asked for in `Retry-After` is
 * obeyed; otherwise waits double, with jitter so that parallel work does not come back in step. An error that used the policy
 * up is final: callers with tries of their own do not multiply them. An error for which there is no policy is left to them.
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
      if (attempt >= chosen.attempts || (error.retryAfter ?? 0) > MAX_RETRY_AFTER) throw error.final()
      const delay = retryDelay(attempt, error, chosen, context.random())
      context.emit({ type: 'retry', operation, attempt, delay, error })
      await pause(context, delay, signal)
    }
  }
}

/** A context that counts the retries announced through it. */
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
  if (error.retryAfter !== undefined) return error.retryAfter
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
