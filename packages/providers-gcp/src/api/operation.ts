import { type Context } from '@gpreg/core'
import { waitForChange } from '@gpreg/core/provider'
import type { LROperation } from 'google-gax'
import { call } from './call.ts'
import { refusedError } from './errors.ts'
import type { GcpCall } from './gcp-call.ts'
import { failureOfStatus } from './failure.ts'

type Operation = Pick<LROperation<unknown, unknown>, 'getOperation' | 'latestResponse'>

/**
 * Waits for the end of a long-running operation. https://google.aip.dev/151
 * @param about the call that began it, with the permission that reading the operation needs
 */
export async function follow(operation: Operation, about: GcpCall, context: Context): Promise<void> {
  await waitForChange(about.resource, context, async looks => {
    if (looks > 0) await call(context, about, () => look(operation))
    return operation.latestResponse.done === true ? undefined : 'in progress'
  })
  const { error } = operation.latestResponse
  if (error) throw refusedError(failureOfStatus(error), about)
}

/** Reads the operation again. A failed operation is no error here, because the SDK's error for it leaves out the reason. */
async function look(operation: Operation): Promise<void> {
  try {
    await operation.getOperation()
  } catch (error) {
    if (operation.latestResponse.done !== true) throw error
  }
}
