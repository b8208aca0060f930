import { isDigest, parseDigest, type Digest } from '../model/digest.ts'
import { MediaType } from '../model/descriptor.ts'
import { isMounter, isSizer, type Ingest } from '../store/capabilities.ts'
import type { ByteStream, Repository } from '../store/content.ts'
import { respond, bodyOf, type ApiRequest } from './response.ts'
import { ApiError } from './api-error.ts'
import { parseChunkRange } from './range.ts'

/**
 * Starts an upload, mounts, or takes a whole blob at once.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 */
export async function startUpload(api: ApiRequest, repository: Repository): Promise<void> {
  const { uploads, url, signal, client } = api
  const mount = url.searchParams.get('mount')
  if (mount !== null && isDigest(mount) && (await mountBlob(repository, mount, url.searchParams.get('from'))))
    return created(api, repository, mount)
  const digest = url.searchParams.get('digest')
  if (digest === null) return accepted(api, repository, await uploads.start(repository, client), 202)
  const wanted = parseDigest(digest)
  const ingest = await uploads.start(repository, client)
  try {
    await uploads.use(api, repository, ingest.id, async () => {
      await ingest.append(bodyOf(api), { signal })
      await uploads.commit(ingest, wanted)
    })
  } catch (error) {
    // The client was not told the id of this upload, so it could not go on with it.
    await uploads.giveUp(ingest)
    throw error
  }
  created(api, repository, wanted)
}

/**
 * Takes a chunk, or a stream of unknown length. The bytes of a broken request are kept, and `GET` tells how many there are.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export async function continueUpload(api: ApiRequest, repository: Repository, id: string): Promise<void> {
  await api.uploads.use(api, repository, id, async ingest => {
    await append(api, repository, ingest)
    accepted(api, repository, ingest, 202)
  })
}

export async function finishUpload(api: ApiRequest, repository: Repository, id: string): Promise<void> {
  const { uploads, url } = api
  const digest = parseDigest(url.searchParams.get('digest') ?? '')
  await uploads.use(api, repository, id, async ingest => {
    await append(api, repository, ingest)
    await uploads.commit(ingest, digest)
  })
  created(api, repository, digest)
}

export async function uploadStatus(api: ApiRequest, repository: Repository, id: string): Promise<void> {
  await api.uploads.use(api, repository, id, async ingest => accepted(api, repository, ingest, 204))
}

export async function cancelUpload(api: ApiRequest, repository: Repository, id: string): Promise<void> {
  const { uploads } = api
  await uploads.use(api, repository, id, ingest => uploads.giveUp(ingest))
  respond(api, 204)
}

/** Mounts a blob. Without `from` a store with one pool of blobs mounts from any repository. */
async function mountBlob(repository: Repository, digest: Digest, from: string | null): Promise<boolean> {
  if (!isMounter(repository)) return false
  // A store with one pool of blobs asks for the size that it has; any other finds the blob by its digest.
  const size = (isSizer(repository) ? await repository.sizeOf(digest) : undefined) ?? 0
  return repository.mount({ mediaType: MediaType.octetStream, digest, size }, from ?? repository.name)
}

/** A chunk must begin where the last one ended. */
async function append(api: ApiRequest, repository: Repository, ingest: Ingest): Promise<void> {
  const { request, signal } = api
  const header = request.headers['content-range']
  if (header === undefined) return ingest.append(bodyOf(api), { signal })
  const range = parseChunkRange(header)
  const length = range === undefined ? 0 : range.end - range.start + 1
  const fits = range?.start === ingest.size && Number(request.headers['content-length'] ?? length) === length
  if (!fits) {
    throw new ApiError(416, 'BLOB_UPLOAD_INVALID', `the next byte wanted is ${ingest.size}`, {
      location: locationOf(repository, ingest),
      range: rangeOf(ingest),
    })
  }
  await ingest.append(atMost(bodyOf(api), length), { signal })
}

async function* atMost(body: ByteStream, length: number): ByteStream {
  let left = length
  for await (const chunk of body) {
    left -= chunk.byteLength
    if (left < 0) throw new ApiError(400, 'SIZE_INVALID', `the chunk has more than ${length} bytes`)
    yield chunk
  }
}

function created(api: ApiRequest, repository: Repository, digest: Digest): void {
  respond(api, 201, {
    location: `/v2/${repository.name}/blobs/${digest}`,
    'docker-content-digest': digest,
  })
}

function accepted(api: ApiRequest, repository: Repository, ingest: Ingest, status: number): void {
  respond(api, status, {
    location: locationOf(repository, ingest),
    range: rangeOf(ingest),
    'docker-upload-uuid': ingest.id,
  })
}

function locationOf(repository: Repository, ingest: Ingest): string {
  return `/v2/${repository.name}/blobs/uploads/${ingest.id}`
}

/** The range of received bytes, both ends included; `0-0` for an empty upload, as other registries answer. */
function rangeOf({ size }: Ingest): string {
  return `0-${Math.max(size - 1, 0)}`
}
