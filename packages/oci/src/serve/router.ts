import { isRepository } from '../model/reference.ts'
import { isWritable } from '../store/capabilities.ts'
import type { ReadableRepository, Repository, Store } from '../store/content.ts'
import { respondJson, type ApiRequest } from './response.ts'
import { ApiError } from './api-error.ts'
import { deleteBlob, serveBlob } from './blobs.ts'
import { listReferrers, listRepositories, listTags } from './lists.ts'
import { deleteManifest, serveManifest, takeManifest } from './manifests.ts'
import { cancelUpload, continueUpload, finishUpload, startUpload, uploadStatus } from './uploads.ts'

type Handler = (api: ApiRequest, repository: Repository, last: string) => Promise<void>

interface Route {
  readonly path: RegExp
  readonly methods: Readonly<Record<string, Handler>>
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints */
const ROUTES: readonly Route[] = [
  {
    path: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    methods: { GET: serveManifest, HEAD: serveManifest, PUT: takeManifest, DELETE: deleteManifest },
  },
  { path: /^\/v2\/(.+)\/blobs\/uploads\/?()$/, methods: { POST: startUpload } },
  {
    path: /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/,
    methods: { GET: uploadStatus, PATCH: continueUpload, PUT: finishUpload, DELETE: cancelUpload },
  },
  { path: /^\/v2\/(.+)\/blobs\/([^/]+)$/, methods: { GET: serveBlob, HEAD: serveBlob, DELETE: deleteBlob } },
  { path: /^\/v2\/(.+)\/tags\/list()$/, methods: { GET: listTags } },
  { path: /^\/v2\/(.+)\/referrers\/([^/]+)$/, methods: { GET: listReferrers } },
]

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Calls the handler of a request. */
export async function route(
  api: ApiRequest,
  store: Store<ReadableRepository>,
  readOnly: boolean,
): Promise<void> {
  const { method, url } = api
  if (readOnly && !READS.has(method)) throw readOnlyError()
  if (/^\/v2\/?$/.test(url.pathname) && READS.has(method)) return respondJson(api, {})
  if (url.pathname === '/v2/_catalog' && method === 'GET') return listRepositories(api, store)
  for (const { path, methods } of ROUTES) {
    const match = path.exec(url.pathname)
    if (match === null) continue
    const handler = methods[method]
    if (handler === undefined)
      throw new ApiError(405, 'UNSUPPORTED', `${method} is not for this`, {
        allow: Object.keys(methods).join(', '),
      })
    const [, name, last] = match as unknown as [string, string, string]
    if (!isRepository(name)) throw new ApiError(400, 'NAME_INVALID', 'not a repository name')
    const repository = store.repository(name)
    if (!isWritable(repository) && !READS.has(method)) throw readOnlyError()
    // Handlers of GET and HEAD use only what a readable repository has.
    return handler(api, repository as Repository, decode(last))
  }
  throw new ApiError(404, 'UNSUPPORTED', 'there is no such endpoint')
}

function readOnlyError(): ApiError {
  return new ApiError(405, 'UNSUPPORTED', 'this registry is read-only')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ApiError(400, 'UNSUPPORTED', 'the path is not well formed')
  }
}
