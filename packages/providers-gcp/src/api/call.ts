import { type Context } from '@gpreg/core'
import { createCloudApi, type CallPolicy } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { abortedError, throwIfAborted } from '@gpreg/oci/engine'
import { gcpError } from './errors.ts'
import type { GcpCall } from './gcp-call.ts'
import { codesOf } from './failure.ts'

/** In milliseconds. Over REST, the SDK itself has no time-out. */
const CALL_TIMEOUT = 90_000

/** An option for every call of the SDK: core retries, because it announces each retry and obeys an abort. */
export const ONE_TRY = { retry: null }

const api = createCloudApi<GcpCall>({ toError: gcpError, codesOf })
export const { unless } = api

/**
 * Calls Google Cloud, several times if that may help.
 * @throws typed errors that name the missing permission
 */
export function call<T>(
  context: Context,
  about: GcpCall,
  run: () => Promise<T>,
  policy?: CallPolicy,
): Promise<T> {
  return api.call(context, about, ({ abortSignal }) => answerTo(run, abortSignal, about), policy)
}

/** The SDK cannot cancel a call: after an abort or a time-out, the call is left running and its answer ignored. */
async function answerTo<T>(run: () => Promise<T>, signal: AbortSignal, { resource }: GcpCall): Promise<T> {
  throwIfAborted(signal)
  const over = new AbortController()
  const giveUp = AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT)])
  const givenUp = new Promise<never>((_, reject) => {
    const stop = () => {
      const stalled = new GpregError('stalled', `Google gave no answer about ${resource}`, { resource })
      reject(signal.aborted ? abortedError(signal.reason) : stalled)
    }
    giveUp.addEventListener('abort', stop, { signal: over.signal })
  })
  try {
    return await Promise.race([run(), givenUp])
  } finally {
    over.abort()
  }
}
