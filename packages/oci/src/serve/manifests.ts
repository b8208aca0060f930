import { isManifestType, type Descriptor } from '../model/descriptor.ts'
import { digestAlgorithm, isDigest, parseDigest } from '../model/digest.ts'
import { digestOf } from '../model/hash.ts'
import { assertManifestSize, parseManifest } from '../model/manifest.ts'
import { isTag } from '../model/reference.ts'
import { isDeleter, isUntagger } from '../store/capabilities.ts'
import { contentFrom, type ReadableRepository, type Repository } from '../store/content.ts'
import { fetchBytes } from '../store/verify.ts'
import { respond, bodyOf, type ApiRequest } from './response.ts'
import { ApiError } from './api-error.ts'

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
export async function serveManifest(
  api: ApiRequest,
  repository: ReadableRepository,
  tagOrDigest: string,
): Promise<void> {
  const descriptor = await repository.resolve(assertReference(tagOrDigest))
  const headers = {
    'content-type': descriptor.mediaType,
    'content-length': descriptor.size,
    'docker-content-digest': descriptor.digest,
    etag: `"${descriptor.digest}"`,
  }
  const bytes = api.method === 'HEAD' ? undefined : await fetchBytes(repository, descriptor, api)
  respond(api, 200, headers, bytes)
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests */
export async function takeManifest(
  api: ApiRequest,
  repository: Repository,
  tagOrDigest: string,
): Promise<void> {
  assertReference(tagOrDigest)
  const bytes = await readBody(api)
  const digest = digestOf(bytes, isDigest(tagOrDigest) ? digestAlgorithm(tagOrDigest) : 'sha256')
  if (isDigest(tagOrDigest) && digest !== tagOrDigest) {
    throw new ApiError(400, 'DIGEST_INVALID', `expected ${tagOrDigest}, got ${digest}`)
  }
  const announced = api.request.headers['content-type']?.replace(/;.*/s, '').trim() ?? ''
  const { mediaType, subject } = parseManifest(bytes, announced)
  if (isManifestType(announced) && announced !== mediaType)
    throw new ApiError(400, 'MANIFEST_INVALID', `announced as ${announced}, but it is ${mediaType}`)
  const descriptor: Descriptor = { mediaType, digest, size: bytes.byteLength }
  // A digest may bring its tags along: ?tag=1.2&tag=1.2.3
  const tags = isDigest(tagOrDigest) ? api.url.searchParams.getAll('tag') : [tagOrDigest]
  if (!tags.every(isTag)) throw new ApiError(400, 'MANIFEST_INVALID', 'one of the tags is none')
  if (tags.length === 0) await repository.push(descriptor, contentFrom(bytes), api)
  for (const tag of tags) await repository.tag(tag, descriptor, bytes, api)
  respond(api, 201, {
    location: `/v2/${repository.name}/manifests/${tagOrDigest}`,
    'docker-content-digest': digest,
    ...(subject === undefined ? {} : { 'oci-subject': subject.digest }),
    ...(isDigest(tagOrDigest) && tags.length > 0 ? { 'oci-tag': tags.join(', ') } : {}),
  })
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests */
export async function deleteManifest(
  api: ApiRequest,
  repository: Repository,
  tagOrDigest: string,
): Promise<void> {
  assertReference(tagOrDigest)
  if (!isDigest(tagOrDigest)) {
    if (!isUntagger(repository)) throw new ApiError(405, 'UNSUPPORTED', 'this store removes no tags')
    await repository.untag(tagOrDigest)
  } else {
    if (!isDeleter(repository)) throw new ApiError(405, 'UNSUPPORTED', 'this store deletes nothing')
    await repository.delete(await repository.resolve(parseDigest(tagOrDigest)))
  }
  respond(api, 202)
}

function assertReference(tagOrDigest: string): string {
  if (isTag(tagOrDigest) || isDigest(tagOrDigest)) return tagOrDigest
  const isBadDigest = tagOrDigest.includes(':')
  throw new ApiError(
    isBadDigest ? 400 : 404,
    isBadDigest ? 'DIGEST_INVALID' : 'MANIFEST_UNKNOWN',
    'neither a tag nor a digest',
  )
}

/** The body of a request, at most as large as a manifest may be. */
async function readBody(api: ApiRequest): Promise<Buffer> {
  assertManifestSize(Number(api.request.headers['content-length'] ?? 0))
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bodyOf(api)) {
    size += chunk.byteLength
    assertManifestSize(size)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
