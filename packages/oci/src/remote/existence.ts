import { GpregError, isConfirmed, isRefusal, unlessAborted } from '../errors.ts'
import { ACCEPT_MANIFESTS, isManifestType, type Descriptor } from '../model/descriptor.ts'
import { NO_RETRY } from '../retry.ts'
import type { Call } from '../store/content.ts'
import type { ApiRequest, ApiResponse } from './http/request.ts'
import { contentKind, contentPath, type RepositoryApi } from './repository-api.ts'

/** Errors of a registry that is there, and fails at one blob: it would do so each time. */
const SYMPTOMS: NonNullable<ApiRequest['patience']> = { unreachable: NO_RETRY, 'server-error': NO_RETRY }

/**
 * Whether a repository has a manifest or a blob. Some registries, and some storages that they redirect to, refuse HEAD; they are
 * asked with GET, for one byte of a blob. So are those that fail at HEAD, or say another size there.
 * @throws `size-mismatch`, why the registry does not tell
 */
export async function contentExists(
  api: RepositoryApi,
  descriptor: Descriptor,
  { signal }: Call,
): Promise<boolean> {
  const isManifest = isManifestType(descriptor.mediaType)
  const accept = isManifest ? { accept: ACCEPT_MANIFESTS } : {}
  const url = contentPath(descriptor)
  const ask = async (
    method: 'HEAD' | 'GET',
    headers: Readonly<Record<string, string>>,
    expect: number[],
    patience: ApiRequest['patience'] = {},
  ) => {
    const response = await api.request({ method, url, headers, expect, signal, patience })
    await response.body.dump()
    return response
  }
  // The size of a manifest is not compared, because whoever uses it reads it.
  const fits = (response: ApiResponse) =>
    isManifest || (toldSize(response) ?? descriptor.size) === descriptor.size
  let refuses = true
  let misfit: GpregError | undefined
  if (!api.client.refusesHead.has(contentKind(descriptor))) {
    try {
      const head = await ask('HEAD', accept, [200, 404], { 'server-error': NO_RETRY })
      if (head.status === 404) return false
      if (fits(head)) return true
      misfit = wrongSize(api, descriptor, toldSize(head))
    } catch (thrown) {
      const error = unlessAborted(thrown)
      refuses = isRefusal(error)
      if (!refuses && error.code !== 'server-error') throw thrown
    }
  }
  const isWhole = isManifest || descriptor.size === 0
  const headers = { 'accept-encoding': 'identity', ...accept, ...(isWhole ? {} : { range: 'bytes=0-0' }) }
  const found = await ask(
    'GET',
    headers,
    isWhole ? [200, 404] : [200, 206, 404, 416],
    misfit && SYMPTOMS,
  ).catch((thrown: unknown) => {
    const error = unlessAborted(thrown)
    // A server that hashes what it sends, such as `gpreg serve`, cuts the connection at bytes that are wrong.
    throw misfit !== undefined && error.code in SYMPTOMS ? misfit : thrown
  })
  if (found.status === 404) return false
  if (!fits(found)) throw wrongSize(api, descriptor, toldSize(found))
  if (refuses) api.client.refusesHead.add(contentKind(descriptor))
  return true
}

/**
 * The size of a blob as far as an answer tells it; nothing has a first byte only if it is empty. The length of an answer in a
 * content coding is another one. https://www.rfc-editor.org/rfc/rfc9110#field.content-range
 */
function toldSize({ status, header }: ApiResponse): number | undefined {
  if (header('content-encoding') !== undefined) return undefined
  if (status === 416) return 0
  const told = header(status === 206 ? 'content-range' : 'content-length')
  const size = /(?:^|\/)(\d{1,15})$/.exec(told ?? '')?.[1]
  return size === undefined ? undefined : Number(size)
}

function wrongSize(api: RepositoryApi, { digest, size }: Descriptor, found: number | undefined): GpregError {
  const { host } = api.client
  return new GpregError('size-mismatch', `${host} has ${found} bytes under ${digest}, which has ${size}`, {
    ...api.subject(digest),
    digest,
    retryable: false,
    hint: 'gpreg mirror --repair and gpreg bundle load --repair replace it, where the registry allows that',
  })
}

/** As {@link contentExists}; false if the registry does not tell, or has another size, because a push finds out. */
export function isStored(api: RepositoryApi, descriptor: Descriptor, call: Call): Promise<boolean> {
  return isConfirmed(() => contentExists(api, descriptor, call))
}
