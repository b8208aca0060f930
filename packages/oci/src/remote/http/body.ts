import { GpregError, isGpregError, type ErrorCode } from '../../errors.ts'
import type { ApiResponse } from './exchange.ts'
import { networkError, type Asked } from './failure.ts'

/** Text of a failed answer that is read, in bytes. */
const MAX_ERROR_BODY = 64 * 1024

/** The first bytes of a body as text; the rest is thrown away. */
export async function readStart(body: ApiResponse['body'], limit = MAX_ERROR_BODY): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
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

/** What a document may be. */
export interface DocumentBounds {
  /** bytes */
  readonly limit: number
  /** What more bytes than that are called. */
  readonly code: ErrorCode
}

/**
 * A body read whole.
 * @param patience milliseconds for all of it: a byte now and then is no answer
 * @throws `code` of the bounds, `stalled`, and what goes wrong on the line
 */
export async function readDocument(
  { body }: ApiResponse,
  { limit, code }: DocumentBounds,
  asked: Asked,
  patience: number,
): Promise<Uint8Array> {
  const { method, path, ...subject } = asked
  const deadline = performance.now() + patience
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.byteLength
      if (size > limit)
        throw new GpregError(code, `the answer to ${method} ${path} has more than ${limit} bytes`, subject)
      if (performance.now() > deadline) {
        throw new GpregError('stalled', `${subject.host} took too long over ${method} ${path}`, {
          ...subject,
          hint: 'run the same command again to continue; a line that is slow rather than down may need a longer --stall-timeout',
        })
      }
      chunks.push(chunk)
    }
  } catch (thrown) {
    throw networkError(thrown, asked)
  }
  return Buffer.concat(chunks)
}
