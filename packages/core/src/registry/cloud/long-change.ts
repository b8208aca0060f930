import { GpregError } from '@gpreg/oci'
import { pause } from '@gpreg/oci/engine'
import type { Context } from '../../context.ts'

const MINUTE = 60_000

export interface LongChange {
  /** milliseconds until the change is given up; default ten minutes */
  readonly longest?: number
  /** The pause that the cloud asked for, in milliseconds; at least a second, default two */
  pauseOf?(): number | undefined
}

/** milliseconds */
const BETWEEN_LOOKS = 2_000
const LEAST = 1_000

/**
 * Waits for the end of a slow change in a cloud.
 * @param look reads the state of the change, undefined at its end; its argument is the number of earlier looks
 * @throws `stalled` for a change without an end
 */
export async function waitForChange(
  resource: string,
  context: Context,
  look: (before: number) => Promise<string | undefined>,
  { longest = 10 * MINUTE, pauseOf }: LongChange = {},
): Promise<void> {
  for (let [looks, waited] = [0, 0]; ; looks++) {
    const state = await look(looks)
    if (state === undefined) return
    if (waited >= longest) throw endlessError(resource, longest)
    context.emit({ type: 'change.waiting', resource, state })
    const wait = Math.max(LEAST, pauseOf?.() ?? BETWEEN_LOOKS)
    await pause(context, wait)
    waited += wait
  }
}

function endlessError(resource: string, longest: number): GpregError {
  return new GpregError('stalled', `${resource} is still being changed after ${longest / MINUTE} minutes`, {
    resource,
    hint: 'run the same command again: it goes on where it stopped',
    retryable: false,
  })
}
