import { GpregError, isGpregError, type ErrorCode, type ErrorSubject } from '../errors.ts'
import type { ApiResponse } from './exchange.ts'

/** Text of a failed answer that is read, in bytes. */
const MAX_ERROR_BODY = 64 * 1024

/** The first bytes of a body as text; the rest is thrown away. */
export async function readStart(body: ApiResponse['body'], limit = MAX_ERROR_BODY): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      size += chunk.byteLength
      if (size >= limit) break
    }
  } catch (error) {
    // The status is what matters; a broken error page is still that status.
    if (isGpregError(error, 'aborted')) throw error
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8')
}

/**
 * A body read whole.
 * @throws `code` where it has more bytes than the limit
 */
export async function readBounded(
  { body }: ApiResponse,
  limit: number,
  code: ErrorCode,
  subject: ErrorSubject,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > limit) throw new GpregError(code, `an answer has more than ${limit} bytes`, subject)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
