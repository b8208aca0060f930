import { Readable } from 'node:stream'
import { createGunzip, gunzipSync } from 'node:zlib'
import { GpregError } from '../../errors.ts'
import type { ByteStream } from '../../store/content.ts'
import { subjectOf, type Asked } from './failure.ts'
import type { ApiResponse } from './request.ts'

/**
 * The content coding of a response, although none was asked for: some proxies compress whatever passes through them.
 * https://www.rfc-editor.org/rfc/rfc9110#field.content-encoding
 * @param size bytes of the content itself. A body of just that length is the content: some storages say `gzip` of a layer that is
 * a gzip file
 * @throws `protocol` for a coding other than gzip
 */
export function codingOf({ header }: ApiResponse, asked: Asked, size?: number): 'gzip' | undefined {
  const coding = header('content-encoding')?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity' || header('content-length') === String(size)) return undefined
  if (coding === 'gzip' || coding === 'x-gzip') return 'gzip'
  const { method, path, host } = asked
  const message = `${host} answered ${method} ${path} compressed with ${coding.slice(0, 40)}, which was not asked for`
  throw new GpregError('protocol', message, {
    ...subjectOf(asked),
    hint: `switch compression off for ${host}, or for the proxy before it`,
  })
}

/** The bytes of a gzip stream, as they come. Nothing bounds them: the reader stops at the size that it expects. */
export function gunzipped(stream: ByteStream): ByteStream {
  return Readable.from(stream).compose(createGunzip()) as ByteStream
}

/** @returns the document as it is if it is not compressed after all @throws `protocol` if it cannot be read, or is larger than the limit */
export function gunzippedDocument(bytes: Uint8Array, limit: number, asked: Asked): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: limit })
  } catch (cause) {
    throw new GpregError(
      'protocol',
      `the compressed answer to ${asked.method} ${asked.path} cannot be read`,
      {
        ...subjectOf(asked),
        cause,
      },
    )
  }
}
