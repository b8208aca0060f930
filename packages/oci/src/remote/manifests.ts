import { GpregError, isRefusal, unlessAborted } from '../errors.ts'
import { ACCEPT_MANIFESTS, isManifestType, type Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, isDigest } from '../model/digest.ts'
import { digestOf } from '../model/hash.ts'
import {
  assertManifestSize,
  MAX_MANIFEST_BYTES,
  parseManifest,
  type ManifestNode,
} from '../model/manifest.ts'
import { NO_RETRY } from '../retry.ts'
import type { Call } from '../store/content.ts'
import { readStart, type DocumentBounds } from './http/body.ts'
import type { ApiResponse } from './http/request.ts'
import type { RepositoryApi } from './repository-api.ts'
import { webPageError } from './web-page.ts'

export const MANIFEST_BOUNDS: DocumentBounds = { limit: MAX_MANIFEST_BYTES, code: 'manifest-too-large' }

/**
 * The descriptor behind a tag or a digest, by HEAD. If the headers do not tell it, the manifest is read.
 * @throws `not-found`, `manifest-too-large`
 */
export async function resolveManifest(
  api: RepositoryApi,
  tagOrDigest: string,
  call: Call,
): Promise<Descriptor> {
  const response = await askHead(api, tagOrDigest, call)
  if (typeof response === 'string') {
    const { descriptor } = await readNamedManifest(api, tagOrDigest, call)
    if (response === 'refused') api.client.refusesHead.add('manifests')
    return descriptor
  }
  const digest = response.header('docker-content-digest') ?? (isDigest(tagOrDigest) ? tagOrDigest : undefined)
  const size = Number(response.header('content-length') ?? NaN)
  const mediaType = response.header('content-type')?.split(';')[0]?.trim() ?? ''
  // Some servers call every file `application/octet-stream`; then the manifest itself tells its type.
  const isKnown =
    digest !== undefined &&
    isDigest(digest) &&
    Number.isSafeInteger(size) &&
    size > 0 &&
    isManifestType(mediaType)
  if (!isKnown || (isDigest(tagOrDigest) && tagOrDigest !== digest))
    return (await readNamedManifest(api, tagOrDigest, call)).descriptor
  assertManifestSize(size, api.subject(tagOrDigest))
  return { mediaType, digest, size }
}

/** @returns `refused` if the registry answers only GET; `failed` if a GET may succeed, because some servers fail at HEAD alone */
async function askHead(
  api: RepositoryApi,
  tagOrDigest: string,
  { signal }: Call,
): Promise<ApiResponse | 'refused' | 'failed'> {
  if (api.client.refusesHead.has('manifests')) return 'refused'
  const url = `manifests/${tagOrDigest}`
  try {
    const headers = { accept: ACCEPT_MANIFESTS }
    const patience = { 'server-error': NO_RETRY }
    const response = await api.request({ method: 'HEAD', url, headers, expect: [200], signal, patience })
    await response.body.dump()
    return response
  } catch (thrown) {
    const error = unlessAborted(thrown)
    if (isRefusal(error)) return 'refused'
    if (error.code === 'server-error') return 'failed'
    throw thrown
  }
}

/**
 * Reads the manifest behind a tag or a digest whole. Its digest is computed from the bytes, because headers prove nothing.
 * @throws `not-found`, `digest-mismatch`, and the errors of manifests that cannot be used
 */
export function readNamedManifest(
  api: RepositoryApi,
  tagOrDigest: string,
  { signal }: Call,
): Promise<ManifestNode> {
  const subject = api.subject(tagOrDigest)
  // An error about a manifest quotes it, so it is scrubbed, too.
  return api.client.secrets.guard(async () => {
    const headers = { accept: ACCEPT_MANIFESTS, 'accept-encoding': 'identity' }
    const request = { url: `manifests/${tagOrDigest}`, headers, expect: [200], signal }
    const { response, bytes } = await api.document(request, MANIFEST_BOUNDS)
    const page = webPageError(bytes, 'manifest', api, subject)
    if (page !== undefined) throw page
    // For a tag the header is no proof, but if it differs from the bytes, they were damaged on their way.
    const told = isDigest(tagOrDigest) ? tagOrDigest : response.header('docker-content-digest')
    const expected = told !== undefined && isDigest(told) ? told : undefined
    const digest = digestOf(bytes, expected === undefined ? 'sha256' : digestAlgorithm(expected))
    if (expected !== undefined && digest !== expected) {
      throw new GpregError('digest-mismatch', `expected ${expected}, got ${digest}`, {
        ...subject,
        hint: 'the registry, or something before it, answers with other content than was asked for',
      })
    }
    const manifest = parseManifest(bytes, response.header('content-type'), subject)
    return { descriptor: { mediaType: manifest.mediaType, digest, size: bytes.byteLength }, bytes, manifest }
  })
}

/** Stores a manifest under a tag or its digest. */
export async function putManifest(
  api: RepositoryApi,
  tagOrDigest: string,
  mediaType: string,
  bytes: Uint8Array,
  { signal }: Call,
): Promise<ApiResponse> {
  const response = await api.request({
    method: 'PUT',
    url: `manifests/${tagOrDigest}`,
    headers: { 'content-type': mediaType },
    body: bytes,
    // 201 by the specification; old registries and proxies answer with other statuses of success.
    expect: [200, 201, 202, 204],
    signal,
  })
  // A login page comes with 200: taken for a receipt, it would be a copy that is nowhere.
  const said = response.status === 200 ? await readStart(response.body) : ''
  const page = webPageError(Buffer.from(said), 'receipt', api, api.subject(tagOrDigest))
  if (page !== undefined) throw page
  await response.body.dump()
  return response
}
