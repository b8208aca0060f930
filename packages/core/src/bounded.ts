import { GpregError } from '@gpreg/oci'

/**
 * Passes chunks on, and throws as soon as there are more than `maxBytes` bytes.
 * @param what the name of the content in the message
 * @throws `input-invalid` with the hint
 */
export async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  what: string,
  maxBytes: number,
  hint: string,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > maxBytes)
      throw new GpregError('input-invalid', `${what} unpacks to more than ${maxBytes} bytes`, { hint })
    yield chunk
  }
}
