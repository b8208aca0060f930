import { isGpregError, toGpregError, type GpregError } from '@gpreg/oci'
import { expect } from 'vitest'

/** The typed error in which work ends; that it ends otherwise fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<GpregError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(outcome).toSatisfy(isGpregError)
  return toGpregError(outcome)
}
