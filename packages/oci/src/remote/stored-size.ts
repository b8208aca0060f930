import { GpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { ApiResponse } from './http/request.ts'
import type { RepositoryApi } from './repository-api.ts'

/**
 * The bytes of a blob in a registry, as far as an answer tells them. The length of an answer in a content coding is another one.
 * https://www.rfc-editor.org/rfc/rfc9110#field.content-range
 */
export function toldSize({ status, header }: ApiResponse): number | undefined {
  if (header('content-encoding') !== undefined) return undefined
  const told = header(status === 206 || status === 416 ? 'content-range' : 'content-length')
  const size = /(?:^|\/)(\d{1,15})$/.exec(told ?? '')?.[1]
  return size === undefined ? undefined : Number(size)
}

/** The error for a blob that is kept with another size than it has. */
export function wrongSize(
  api: RepositoryApi,
  { digest, size }: Descriptor,
  found: number | undefined,
): GpregError {
  const { host, side } = api.client
  return new GpregError('size-mismatch', `${host} has ${found} bytes under ${digest}, which has ${size}`, {
    ...api.subject(digest),
    digest,
    retryable: false,
    hint:
      side === 'target'
        ? 'gpreg mirror --repair and gpreg bundle load --repair replace it, where the registry allows that'
        : `the content is damaged on ${host}: push it there again, or read it from another registry`,
  })
}

/**
 * The error for 416, the answer to a read from a byte that the registry does not have. One that tells the right size does not give
 * ranges, so that a read from the start may succeed.
 */
export function endsEarly(
  api: RepositoryApi,
  descriptor: Descriptor,
  position: number,
  response: ApiResponse,
): GpregError {
  const found = toldSize(response)
  if (found !== undefined && found !== descriptor.size) return wrongSize(api, descriptor, found)
  const { digest, size } = descriptor
  const message = `${api.client.host} has no byte ${position} of ${digest}, which has ${size}`
  return new GpregError('size-mismatch', message, { ...api.subject(digest), digest })
}
