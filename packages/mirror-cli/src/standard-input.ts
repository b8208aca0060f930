import { addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { GpregError } from '@gpreg/oci'
import { decodeText } from '@gpreg/oci/engine'

/**
 * A function that reads standard input once. Standard input is empty after that, so `--images - --manifests -` is refused.
 * @param signal ends the wait for input
 */
export function standardInput(signal: AbortSignal): () => Promise<string> {
  let done = false
  return async () => {
    if (done)
      throw new GpregError('usage', 'standard input (-) was named twice', {
        hint: 'put one of the two into a file',
      })
    done = true
    return decodeText(await buffer(addAbortSignal(signal, process.stdin)))
  }
}
