import { GpregError } from '@gpreg/oci'
import { pause } from '@gpreg/oci/engine'
import type { Context } from '../../context.ts'

/** milliseconds */
const BETWEEN_LOOKS = 2_000
/** the number of looks in ten minutes */
const MOST_LOOKS = 300

/**
 * Waits for the end of a slow change in a cloud.
 * @param look reads the state of the change, undefined at its end; its argument is the number of earlier looks
 * @throws `stalled` after ten minutes
 */
export async function waitForChange(
  resource: string,
  context: Context,
  look: (before: number) => Promise<string | undefined>,
): Promise<void> {
  for (let looks = 0; ; looks++) {
    const state = await look(looks)
    if (state === undefined) return
    if (looks === MOST_LOOKS) throw endlessError(resource)
    context.emit({ type: 'change.waiting', resource, state })
    await pause(context, BETWEEN_LOOKS)
  }
}

function endlessError(resource: string): GpregError {
  return new GpregError('stalled', `${resource} is still being changed after ten minutes`, {
    resource,
    hint: 'run the same command again: it goes on where it stopped',
    retryable: false,
  })
}
