import type { Context } from '@gpreg/core'
import { PATIENT, withRetry, type GpregError, type RetryPolicy } from '@gpreg/oci'
import { azureError, type Call } from './errors.ts'

/** For what must not be done twice when an answer was lost: whoever calls knows whether to try again. */
export const ONCE = (): undefined => undefined

export type Policy = RetryPolicy | ((error: GpregError) => RetryPolicy | undefined)

/**
 * Calls Azure, again where that may help.
 * @throws typed errors that name the permission which is missing
 */
export function call<T>(
  context: Context,
  about: Call,
  run: (options: { abortSignal: AbortSignal }) => Promise<T>,
  policy: Policy = PATIENT,
): Promise<T> {
  return withRetry(context, about.permission, policy, async () => {
    try {
      return await run({ abortSignal: context.signal })
    } catch (thrown) {
      throw azureError(thrown, about)
    }
  })
}

/** The answer, or undefined where Azure says by one of these codes that there is none. */
export async function unless<T>(codes: readonly string[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (codes.includes((error as { code?: string }).code ?? '')) return undefined
    throw error
  }
}
