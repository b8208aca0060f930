import { addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { GpregError } from '@gpreg/oci'
import { decodeText } from '@gpreg/oci/engine'

/** {@link standardInputBytes} as text. */
export function standardInput(signal: AbortSignal): () => Promise<string> {
  const read = standardInputBytes(signal)
  return async () => decodeText(await read())
}

/**
 * A function that reads standard input once. Standard input is empty after that, so `--images - --manifests -` is refused.
 * @param signal ends the wait for input
 */
export function standardInputBytes(signal: AbortSignal): () => Promise<Uint8Array> {
  let done = false
  return async () => {
    if (done)
      throw new GpregError('usage', 'standard input (-) was named twice', {
        hint: 'put one of the two into a file',
      })
    done = true
    return buffer(addAbortSignal(signal, process.stdin))
  }
}
