import type { Context } from '@gpreg/core'
import { GpregError, PATIENT, withRetry, type RetryPolicy } from '@gpreg/oci'
import { gcpError, type Call } from './errors.ts'

/** The SDK has no time-out over REST; in milliseconds. */
const PATIENCE = 90_000

/** For every call of the SDK: tries again are core's, which announces them and obeys an abort. */
export const ONE_TRY = { retry: null }

type Policy = RetryPolicy | ((error: GpregError) => RetryPolicy)

/**
 * Calls Google, again where that may help.
 * @throws typed errors that name the permission which is missing
 */
export function call<T>(
  context: Context,
  about: Call,
  run: () => Promise<T>,
  policy: Policy = PATIENT,
): Promise<T> {
  return withRetry(context, about.permission, policy, async () => {
    try {
      return await answerTo(run, context.signal, about)
    } catch (thrown) {
      throw gcpError(thrown, about)
    }
  })
}

/** The SDK lets nobody take a call back, so an abort leaves it to itself. */
async function answerTo<T>(run: () => Promise<T>, signal: AbortSignal, { resource }: Call): Promise<T> {
  signal.throwIfAborted()
  const over = new AbortController()
  const giveUp = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
  const given = new Promise<never>((_, reject) => {
    const stop = () => {
      const stalled = new GpregError('stalled', `Google gave no answer about ${resource}`, { resource })
      reject(signal.aborted ? signal.reason : stalled)
    }
    giveUp.addEventListener('abort', stop, { signal: over.signal })
  })
  try {
    return await Promise.race([run(), given])
  } finally {
    over.abort()
  }
}
