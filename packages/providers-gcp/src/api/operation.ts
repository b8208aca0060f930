import type { Context } from '@gpreg/core'
import { GpregError, pause } from '@gpreg/oci'
import type { LROperation } from 'google-gax'
import { call } from './call.ts'
import { refusedError, type Call } from './errors.ts'
import { failureOfStatus } from './failure.ts'

const BETWEEN_LOOKS = 2_000
/** ten minutes */
const MOST_LOOKS = 300

type Operation = Pick<LROperation<unknown, unknown>, 'getOperation' | 'latestResponse'>

/**
 * Follows what takes Google a while, to its end. https://google.aip.dev/151
 * @param about what was begun, and the permission that looking after it needs
 */
export async function follow(operation: Operation, about: Call, context: Context): Promise<void> {
  for (let looks = 0; operation.latestResponse.done !== true; looks++) {
    if (looks === MOST_LOOKS) throw endlessError(about)
    context.emit({ type: 'change.waiting', resource: about.resource, state: 'in progress' })
    await pause(context, BETWEEN_LOOKS)
    await call(context, about, () => look(operation))
  }
  const { error } = operation.latestResponse
  if (error) throw refusedError(failureOfStatus(error), about)
}

/** Rejects where there was no answer, but not for what the answer says: the SDK leaves out the reason there. */
async function look(operation: Operation): Promise<void> {
  try {
    await operation.getOperation()
  } catch (error) {
    if (operation.latestResponse.done !== true) throw error
  }
}

function endlessError({ resource }: Call): GpregError {
  return new GpregError('stalled', `${resource} is still being changed after ten minutes`, {
    resource,
    hint: 'run the same command again: it goes on where it stopped',
    retryable: false,
  })
}
