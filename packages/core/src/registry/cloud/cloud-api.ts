import type { GpregError } from '@gpreg/oci'
import { PATIENT, withRetry, type RetryPolicy } from '@gpreg/oci/engine'
import type { Context } from '../../context.ts'

/** One call to the API of a cloud: the resource that it concerns, and the cloud's name of the permission that it needs. */
export interface CloudCall {
  /** such as `s3:bucket/gitpod-registry` */
  readonly resource: string
  /** such as `s3:CreateBucket` */
  readonly permission: string
}

/**
 * How often a call is run. `single` is for a call that must not run twice if its response was lost: it runs once, and the caller
 * decides whether to run it again.
 */
export type CallPolicy = RetryPolicy | 'single' | ((error: GpregError) => RetryPolicy)

/** Translates the errors of a cloud's SDK. */
export interface CloudErrors<Call extends CloudCall> {
  /** Makes a typed error that names the missing permission. */
  toError(thrown: unknown, call: Call): GpregError
  /** The codes that the cloud gives to an error of its SDK. */
  codesOf(thrown: unknown): readonly string[]
}

/** Runs calls to a cloud, with retries and typed errors. */
export interface CloudApi<Call extends CloudCall> {
  /** Runs a call of the SDK, several times if that may help. @throws the error that `toError` makes of the SDK's error */
  call<T>(
    context: Context,
    about: Call,
    run: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
    policy?: CallPolicy,
  ): Promise<T>
  /** The answer, or undefined if the cloud refuses with one of these codes. */
  unless<T>(codes: readonly string[], answer: Promise<T>): Promise<T | undefined>
}

export function createCloudApi<Call extends CloudCall>(errors: CloudErrors<Call>): CloudApi<Call> {
  return {
    call(context, about, run, policy = PATIENT) {
      const tries = policy === 'single' ? () => undefined : policy
      return withRetry(context, about.permission, tries, async () => {
        try {
          return await run({ abortSignal: context.signal })
        } catch (thrown) {
          throw errors.toError(thrown, about)
        }
      })
    },
    async unless(codes, answer) {
      try {
        return await answer
      } catch (thrown) {
        if (errors.codesOf(thrown).some(code => codes.includes(code))) return undefined
        throw thrown
      }
    },
  }
}
