import { createCloudApi } from '@gpreg/core/provider'
import { awsError, nameOf } from './errors.ts'

/** Calls to AWS. The codes of its errors are their names. */
export const { call, unless } = createCloudApi({
  toError: awsError,
  codesOf: thrown => [nameOf(thrown)],
})
