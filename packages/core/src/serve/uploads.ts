import { isDigest, parseDigest, type Digest } from '../model/digest.ts'
import { MediaType } from '../model/descriptor.ts'
import { isIngester, isMounter, type Ingest } from '../store/capabilities.ts'
import type { Repository } from '../store/content.ts'
import { answer, ApiError, type Exchange } from './answer.ts'
import { parseChunkRange } from './range.ts'

/** Uploads in which bytes are being written now: two writers of one would mix their bytes. */
const busy = new Set<string>()

/**
 * Starts an upload, mounts, or takes a whole blob at once.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 */
export async function startUpload(exchange: Exchange, repository: Repository): Promise<void> {
  const { searchParams } = exchange.url
  const mount = searchParams.get('mount')
  if (mount !== null && isDigest(mount) && (await mountBlob(repository, mount, searchParams.get('from')))) {
    return created(exchange, repository, mount)
  }
  const ingest = await newIngest(repository)
  const digest = searchParams.get('digest')
  if (digest === null) return accepted(exchange, repository, ingest, 202)
  await append(exchange, ingest)
  await commit(exchange, repository, ingest, parseDigest(digest))
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks */
export async function continueUpload(exchange: Exchange, repository: Repository, id: string): Promise<void> {
  const ingest = await findIngest(repository, id)
  assertInOrder(exchange, repository, ingest)
  await append(exchange, ingest)
  accepted(exchange, repository, ingest, 202)
}

export async function finishUpload(exchange: Exchange, repository: Repository, id: string): Promise<void> {
  const digest = parseDigest(exchange.url.searchParams.get('digest') ?? '')
  const ingest = await findIngest(repository, id)
  assertInOrder(exchange, repository, ingest)
  await append(exchange, ingest)
  await commit(exchange, repository, ingest, digest)
}

export async function uploadStatus(exchange: Exchange, repository: Repository, id: string): Promise<void> {
  accepted(exchange, repository, await findIngest(repository, id), 204)
}

export async function cancelUpload(exchange: Exchange, repository: Repository, id: string): Promise<void> {
  await (await findIngest(repository, id)).discard()
  answer(exchange, 204)
}

async function mountBlob(repository: Repository, digest: Digest, from: string | null): Promise<boolean> {
  if (!isMounter(repository) || from === null) return false
  return repository.mount({ mediaType: MediaType.octetStream, digest, size: 0 }, from)
}

async function newIngest(repository: Repository): Promise<Ingest> {
  const ingest = isIngester(repository) ? await repository.ingest() : undefined
  if (ingest === undefined) throw new ApiError(405, 'UNSUPPORTED', 'this store takes no uploads')
  return ingest
}

async function findIngest(repository: Repository, id: string): Promise<Ingest> {
  const ingest = isIngester(repository) ? await repository.ingest(id) : undefined
  if (ingest === undefined)
    throw new ApiError(404, 'BLOB_UPLOAD_UNKNOWN', 'this upload is not known, or is finished')
  return ingest
}

/** A chunk must begin where the last one ended. */
function assertInOrder(exchange: Exchange, repository: Repository, ingest: Ingest): void {
  const header = exchange.request.headers['content-range']
  if (header === undefined) return
  const range = parseChunkRange(header)
  const length = exchange.request.headers['content-length']
  const fits =
    range?.start === ingest.size && (length === undefined || Number(length) === range.end - range.start + 1)
  if (!fits) {
    throw new ApiError(416, 'BLOB_UPLOAD_INVALID', `the next byte wanted is ${ingest.size}`, {
      location: locationOf(repository, ingest),
      range: rangeOf(ingest),
    })
  }
}

async function append({ request, signal }: Exchange, ingest: Ingest): Promise<void> {
  if (busy.has(ingest.id)) throw new ApiError(409, 'BLOB_UPLOAD_INVALID', 'this upload is being written to')
  busy.add(ingest.id)
  try {
    await ingest.append(request, { signal })
  } finally {
    busy.delete(ingest.id)
  }
}

async function commit(
  exchange: Exchange,
  repository: Repository,
  ingest: Ingest,
  digest: Digest,
): Promise<void> {
  await ingest.commit(digest)
  created(exchange, repository, digest)
}

function created(exchange: Exchange, repository: Repository, digest: Digest): void {
  answer(exchange, 201, {
    location: `/v2/${repository.name}/blobs/${digest}`,
    'docker-content-digest': digest,
  })
}

function accepted(exchange: Exchange, repository: Repository, ingest: Ingest, status: number): void {
  answer(exchange, status, {
    location: locationOf(repository, ingest),
    range: rangeOf(ingest),
    'docker-upload-uuid': ingest.id,
  })
}

function locationOf(repository: Repository, ingest: Ingest): string {
  return `/v2/${repository.name}/blobs/uploads/${ingest.id}`
}

/** The bytes that are there, both ends included; of an empty upload by custom `0-0`. */
function rangeOf({ size }: Ingest): string {
  return `0-${Math.max(size - 1, 0)}`
}
