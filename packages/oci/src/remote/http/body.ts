import { GpregError, isGpregError, type ErrorCode } from '../../errors.ts'
import { joinChunks } from '../../machine/read-buffers.ts'
import { codingOf, gunzippedDocument } from './content-coding.ts'
import { networkError, STALLED_HINT, subjectOf, type Asked } from './failure.ts'
import type { ApiResponse } from './request.ts'

/** Bytes read of the body of a failed response. */
const MAX_ERROR_BODY = 64 * 1024

/** The first bytes of a body as text; the rest is discarded. */
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
    // The status matters more than the text: a body that breaks off does not hide it.
    if (isGpregError(error, 'aborted')) throw error
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8')
}

/** The largest document that is accepted, and the error for a larger one. */
export interface DocumentBounds {
  /** bytes */
  readonly limit: number
  /** Error code for a document with more bytes. */
  readonly code: ErrorCode
}

/**
 * Reads a body whole.
 * @param patience milliseconds for the whole body, because single bytes now and then never run into the stall time-out
 * @param elapsed a clock in milliseconds that never goes back
 * @throws the `code` of the bounds, `stalled`, and errors of the network
 */
export async function readDocument(
  response: ApiResponse,
  { limit, code }: DocumentBounds,
  asked: Asked,
  patience: number,
  elapsed: () => number,
): Promise<Uint8Array> {
  const deadline = elapsed() + patience
  const chunks: Uint8Array[] = []
  let coding: 'gzip' | undefined
  let size = 0
  try {
    coding = codingOf(response, asked)
    for await (const chunk of response.body) {
      size += chunk.byteLength
      if (size > limit) throw tooLarge(asked, { limit, code })
      if (elapsed() > deadline) throw tooSlow(asked)
      chunks.push(chunk)
    }
  } catch (thrown) {
    response.body.destroy()
    throw networkError(thrown, asked)
  }
  const bytes = joinChunks(chunks)
  return coding === undefined ? bytes : gunzippedDocument(bytes, limit, asked)
}

function tooLarge(asked: Asked, { limit, code }: DocumentBounds): GpregError {
  const { method, path } = asked
  return new GpregError(
    code,
    `the answer to ${method} ${path} has more than ${limit} bytes`,
    subjectOf(asked),
  )
}

function tooSlow(asked: Asked): GpregError {
  const { method, path, host } = asked
  const details = { ...subjectOf(asked), hint: STALLED_HINT }
  return new GpregError('stalled', `${host} took too long over ${method} ${path}`, details)
}
