import { isRefusal, unlessAborted } from '../errors.ts'
import { ACCEPT_MANIFESTS, isManifestType, type Descriptor } from '../model/descriptor.ts'
import { NO_RETRY } from '../retry.ts'
import type { Call } from '../store/content.ts'
import { contentKind, contentPath, type RepositoryApi } from './repository-api.ts'

/**
 * Whether a repository has a manifest or a blob. Some registries, and some storages that they redirect to, refuse HEAD; they are
 * asked with GET, for one byte of a blob. So are those that fail at HEAD.
 * @throws why the registry does not tell
 */
export async function contentExists(
  api: RepositoryApi,
  descriptor: Descriptor,
  { signal }: Call,
): Promise<boolean> {
  const isManifest = isManifestType(descriptor.mediaType)
  const accept = isManifest ? { accept: ACCEPT_MANIFESTS } : {}
  const url = contentPath(descriptor)
  const ask = async (method: 'HEAD' | 'GET', headers: Readonly<Record<string, string>>, expect: number[]) => {
    const patience = method === 'HEAD' ? { 'server-error': NO_RETRY } : {}
    const response = await api.request({ method, url, headers, expect, signal, patience })
    await response.body.dump()
    return response.status !== 404
  }
  let refuses = true
  if (!api.client.refusesHead.has(contentKind(descriptor))) {
    try {
      return await ask('HEAD', accept, [200, 404])
    } catch (thrown) {
      const error = unlessAborted(thrown)
      refuses = isRefusal(error)
      if (!refuses && error.code !== 'server-error') throw thrown
    }
  }
  const range = isManifest || descriptor.size === 0 ? {} : { range: 'bytes=0-0' }
  const found = await ask('GET', { 'accept-encoding': 'identity', ...accept, ...range }, [200, 206, 404])
  if (refuses) api.client.refusesHead.add(contentKind(descriptor))
  return found
}

/** As {@link contentExists}; false if the registry does not tell, because a push finds out. */
export async function isStored(api: RepositoryApi, descriptor: Descriptor, call: Call): Promise<boolean> {
  try {
    return await contentExists(api, descriptor, call)
  } catch (thrown) {
    if (isRefusal(unlessAborted(thrown))) return false
    throw thrown
  }
}
