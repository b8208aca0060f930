import type { Context } from '../../context.ts'
import { GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { recycle } from '../../machine/lent-memory.ts'
import { BRIEF, patienceFor, pause, retryDelay } from '../../retry.ts'
import type { ApiResponse } from '../http/request.ts'
import { codingOf, gunzipped } from '../http/content-coding.ts'
import { networkError, subjectOf, type Asked } from '../http/failure.ts'

export interface Download {
  readonly descriptor: Descriptor
  /** first byte wanted */
  readonly offset: number
  readonly signal: AbortSignal
  /** Fails after few tries. */
  readonly isBrief?: boolean
  readonly asked: Asked
  /** Requests the content from this byte on. */
  open(offset: number): Promise<ApiResponse>
  /** The error for a web page in place of the content, by its first bytes. */
  pageError?(start: Uint8Array): GpregError | undefined
}

/**
 * Downloads a blob from an offset to its end. When the connection breaks, the rest is requested by `Range`, and the consumer sees
 * one stream. Tries are counted from the last byte received, because a line that breaks often but makes progress is only slow.
 */
export async function* download(
  context: Context,
  { descriptor, offset, signal, isBrief = false, asked, open, pageError }: Download,
): AsyncGenerator<Uint8Array> {
  let position = offset
  // Ranges of a compressed body are no ranges of the content, so such a body is always read from its start.
  let isCoded = false
  for (let attempt = 1; position < descriptor.size || descriptor.size === 0; attempt++) {
    // The request has retries of its own; the tries here are for streams that break.
    const response = await open(isCoded ? 0 : position)
    try {
      const length = response.status === 206 ? descriptor.size - position : descriptor.size
      const coding = codingOf(response, asked, length)
      if (coding !== undefined && !isCoded && position > 0) {
        isCoded = true
        response.body.destroy()
        continue
      }
      isCoded = coding !== undefined
      let skip = isCoded ? position : bytesToSkip(response, position, asked)
      const misfit = isCoded ? undefined : misfitOf(response, descriptor, asked)
      let isStart = response.status !== 206
      // Content may be a web page, too, so this alone is no error.
      let page: GpregError | undefined
      for await (const chunk of isCoded ? gunzipped(response.body) : response.body) {
        if (isStart) page = pageError?.(chunk)
        isStart = false
        if (misfit !== undefined) throw page ?? misfit
        const wanted = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.byteLength))
        skip -= chunk.byteLength - wanted.byteLength
        if (wanted.byteLength === 0) {
          recycle(chunk)
          continue
        }
        position += wanted.byteLength
        attempt = 0
        if (page !== undefined && position > descriptor.size) throw page
        yield wanted
        if (position > descriptor.size) throw tooLong(descriptor, asked)
      }
      if (position >= descriptor.size) return
      throw page ?? misfit ?? tooShort(descriptor.size - position, asked)
    } catch (thrown) {
      response.body.destroy()
      const error = networkError(thrown, asked)
      // A server that has something else says so each time.
      const policy = isBrief || error.code === 'size-mismatch' ? BRIEF : patienceFor(error)
      if (signal.aborted || !error.retryable || attempt >= policy.attempts) {
        throw error.about({ digest: descriptor.digest }).final()
      }
      if (position >= descriptor.size) return
      const delay = attempt === 0 ? 0 : retryDelay(attempt, error, policy, context.random())
      const operation = `download of ${descriptor.digest}`
      context.emit({ type: 'retry', operation, attempt: attempt + 1, delay, error })
      await pause(context, delay, signal)
    }
  }
}

/** Bytes at the start of the response that the consumer has already: all before the offset, if the server ignored the range. */
function bytesToSkip(response: ApiResponse, position: number, asked: Asked): number {
  if (response.status !== 206) return position
  if (parseRangeStart(response.header('content-range')) === position) return 0
  throw new GpregError('protocol', `${asked.host} answered another range than was asked for`, {
    ...subjectOf(asked),
    retryable: true,
  })
}

/** The first byte of `Content-Range: bytes 10-19/20`. https://www.rfc-editor.org/rfc/rfc9110#field.content-range */
export function parseRangeStart(header: string | undefined): number | undefined {
  const [, start, end] = /^bytes (\d{1,15})-(\d{1,15})\//.exec(header ?? '') ?? []
  return start === undefined || Number(end) < Number(start) ? undefined : Number(start)
}

/** The error for a whole answer that says to have another length than the content. */
function misfitOf(
  { status, header }: ApiResponse,
  { digest, size }: Descriptor,
  asked: Asked,
): GpregError | undefined {
  const told = header('content-length')
  if (status === 206 || told === undefined || told === String(size)) return undefined
  const message = `expected ${size} bytes, got an answer of ${told.slice(0, 20)}`
  return new GpregError('size-mismatch', message, { ...subjectOf(asked), digest })
}

function tooShort(missing: number, asked: Asked): GpregError {
  return new GpregError(
    'unreachable',
    `the answer of ${asked.host} ended ${missing} bytes early`,
    subjectOf(asked),
  )
}

function tooLong(descriptor: Descriptor, asked: Asked): GpregError {
  return new GpregError('size-mismatch', `expected ${descriptor.size} bytes, got more`, {
    ...subjectOf(asked),
    digest: descriptor.digest,
  })
}
