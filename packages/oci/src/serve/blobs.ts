import { pipeline } from 'node:stream/promises'
import { parseDigest, type Digest } from '../model/digest.ts'
import { MediaType } from '../model/descriptor.ts'
import { isDeleter, isSizer } from '../store/capabilities.ts'
import type { ByteStream, ReadableRepository, Repository } from '../store/content.ts'
import { respond, type ApiRequest } from './response.ts'
import { ApiError } from './api-error.ts'
import { parseRange } from './range.ts'

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs */
export async function serveBlob(
  api: ApiRequest,
  repository: ReadableRepository,
  digestText: string,
): Promise<void> {
  const digest = parseDigest(digestText)
  const size = await storedSize(repository, digest)
  const headers = {
    'content-type': MediaType.octetStream,
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  }
  const { range: wanted, 'if-range': ifRange = headers.etag } = api.request.headers
  const applies = api.method === 'GET' && ifRange === headers.etag
  const range = applies ? parseRange(wanted, size) : undefined
  if (range === 'unsatisfiable')
    throw new ApiError(416, 'SIZE_INVALID', 'no such range', { 'content-range': `bytes */${size}` })
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const { response, traffic, signal } = api
  const length = end - start + 1
  const descriptor = { mediaType: MediaType.octetStream, digest, size }
  // An error before the first byte, such as that of a small blob whose file is damaged, is still answered.
  const body =
    api.method === 'HEAD' || size === 0
      ? undefined
      : await opened(beginning(repository.fetch(descriptor, { offset: start, signal }), length, traffic))
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    'content-length': length,
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  })
  if (body === undefined) response.end()
  else await pipeline(body, response)
}

export async function deleteBlob(api: ApiRequest, repository: Repository, digestText: string): Promise<void> {
  const digest = parseDigest(digestText)
  if (!isDeleter(repository)) throw new ApiError(405, 'UNSUPPORTED', 'this store deletes nothing')
  const size = await storedSize(repository, digest)
  await repository.delete({ mediaType: MediaType.octetStream, digest, size })
  respond(api, 202)
}

async function storedSize(repository: ReadableRepository, digest: Digest): Promise<number> {
  if (!isSizer(repository))
    throw new ApiError(405, 'UNSUPPORTED', 'this store does not tell the size of a blob by its digest')
  const size = await repository.sizeOf(digest)
  if (size === undefined) throw new ApiError(404, 'BLOB_UNKNOWN', `${digest} is not in ${repository.name}`)
  return size
}

/** The first `length` bytes of a stream. */
async function* beginning(
  stream: ByteStream,
  length: number,
  traffic: ApiRequest['traffic'],
): AsyncGenerator<Uint8Array, undefined> {
  let left = length
  for await (const chunk of stream) {
    const taken = Math.min(chunk.byteLength, left)
    traffic.out += taken
    yield chunk.subarray(0, taken)
    left -= taken
    // The stream is read to its end, because the last chunk comes only after the digest was checked.
    if (left === 0) return
  }
}

/** The same stream after its first chunk was read, so that an error before it is thrown here. */
async function opened(stream: AsyncGenerator<Uint8Array, undefined>): Promise<ByteStream> {
  const first = await stream.next()
  return (async function* () {
    if (first.done !== true) yield first.value
    yield* stream
  })()
}
