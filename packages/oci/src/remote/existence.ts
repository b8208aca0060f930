import { isConfirmed, isRefusal, unlessAborted, type GpregError } from '../errors.ts'
import { ACCEPT_MANIFESTS, isManifestType, type Descriptor } from '../model/descriptor.ts'
import { NO_RETRY } from '../retry.ts'
import type { Call } from '../store/content.ts'
import type { ApiRequest, ApiResponse } from './http/request.ts'
import { contentKind, contentPath, type RepositoryApi } from './repository-api.ts'
import { toldSize, wrongSize } from './stored-size.ts'

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
    isManifest || (sizeOf(response) ?? descriptor.size) === descriptor.size
  let refuses = true
  let misfit: GpregError | undefined
  if (!api.client.refusesHead.has(contentKind(descriptor))) {
    try {
      const head = await ask('HEAD', accept, [200, 404], { 'server-error': NO_RETRY })
      if (head.status === 404) return false
      if (fits(head)) return true
      misfit = wrongSize(api, descriptor, sizeOf(head))
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
  if (!fits(found)) throw wrongSize(api, descriptor, sizeOf(found))
  if (refuses) api.client.refusesHead.add(contentKind(descriptor))
  return true
}

/** The size that an answer tells; nothing has a first byte only if it is empty. */
function sizeOf(response: ApiResponse): number | undefined {
  return toldSize(response) ?? (response.status === 416 ? 0 : undefined)
}

/** As {@link contentExists}; false if the registry does not tell, or has another size, because a push finds out. */
export function isStored(api: RepositoryApi, descriptor: Descriptor, call: Call): Promise<boolean> {
  return isConfirmed(() => contentExists(api, descriptor, call))
}
