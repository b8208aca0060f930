import { isGpregError, type GpregError } from '@gpreg/oci'
import { toGpregError } from '@gpreg/oci/engine'
import { expect } from 'vitest'

/** Returns the typed error of a promise. The test fails if the promise resolves or rejects with another error. */
export async function failureOf(work: Promise<unknown>): Promise<GpregError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(outcome).toSatisfy(isGpregError)
  return toGpregError(outcome)
}
