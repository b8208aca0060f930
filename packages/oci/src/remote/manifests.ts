import { GpregError, isRefusal, unlessAborted } from '../errors.ts'
import { ACCEPT_MANIFESTS, isManifestType, type Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, digestOf, isDigest } from '../model/digest.ts'
import {
  assertManifestSize,
  MAX_MANIFEST_BYTES,
  parseManifest,
  type ManifestNode,
} from '../model/manifest.ts'
import type { Call } from '../store/content.ts'
import type { DocumentBounds } from './http/body.ts'
import type { ApiResponse } from './http/request.ts'
import type { RepositoryApi } from './repository-api.ts'

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
  if (response === undefined) {
    const { descriptor } = await readNamedManifest(api, tagOrDigest, call)
    api.client.refusesHead.add('manifests')
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

/** @returns undefined if the registry answers only GET */
async function askHead(
  api: RepositoryApi,
  tagOrDigest: string,
  { signal }: Call,
): Promise<ApiResponse | undefined> {
  if (api.client.refusesHead.has('manifests')) return undefined
  const url = `manifests/${tagOrDigest}`
  try {
    const headers = { accept: ACCEPT_MANIFESTS }
    const response = await api.request({ method: 'HEAD', url, headers, expect: [200], signal })
    await response.body.dump()
    return response
  } catch (thrown) {
    if (isRefusal(unlessAborted(thrown))) return undefined
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
    expect: [201, 202],
    signal,
  })
  await response.body.dump()
  return response
}
