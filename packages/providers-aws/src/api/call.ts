import type { Context } from '@gpreg/core'
import { PATIENT, withRetry, type RetryPolicy } from '@gpreg/oci'
import { awsError } from './errors.ts'

/** One call to AWS: what it is about, and the permission that it needs, as IAM policies name it. */
export interface Call {
  readonly resource: string
  /** such as `s3:CreateBucket` */
  readonly permission: string
}

/** For what must not be done twice when an answer was lost: whoever calls knows whether to try again. */
export const ONCE = (): undefined => undefined

/**
 * Calls AWS, again where that may help.
 * @throws typed errors that name the permission which is missing
 */
export function call<T>(
  context: Context,
  about: Call,
  run: (options: { abortSignal: AbortSignal }) => Promise<T>,
  policy: RetryPolicy | typeof ONCE = PATIENT,
): Promise<T> {
  return withRetry(context, about.permission, policy, async () => {
    try {
      return await run({ abortSignal: context.signal })
    } catch (thrown) {
      throw awsError(thrown, about)
    }
  })
}

/** The answer, or undefined where AWS says by one of these names that there is none. */
export async function unless<T>(names: readonly string[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (names.includes(nameOf(error))) return undefined
    throw error
  }
}

/** The name that AWS gives an error. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
