import type { Context } from '../../context.ts'
import { isGpregError, unlessAborted, type GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import { BRIEF, NO_RETRY, pause } from '../../retry.ts'
import type { Call } from '../../store/content.ts'
import type { ApiResponse } from '../http/request.ts'
import { uploadLocation } from '../http/location.ts'
import type { RepositoryApi } from '../repository-api.ts'
import type { UploadKey } from './upload-journal.ts'

/** Bytes a second of the slowest registry that is waited for: it hashes a whole blob before it answers the last PUT. */
const SLOWEST_HASHING = 20 * 1024 * 1024

/** Tries, and milliseconds between them, while a server answers 409: it is still writing the bytes of a broken request. */
const BUSY = { tries: 10, wait: 200 }

/** An open upload. Its location changes with every response; only the newest one is valid. */
export interface UploadSession {
  readonly location: URL
  /** Bytes of the smallest chunk that the registry takes, except for the last one. */
  readonly minimumChunk: number
}

/** Opens an upload. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs */
export async function startUpload(api: RepositoryApi, { signal }: Call): Promise<UploadSession> {
  const response = await api.send({
    method: 'POST',
    url: 'blobs/uploads/',
    expect: [202],
    headers: { 'content-length': '0' },
    signal,
  })
  await response.body.dump()
  return sessionOf(api, response)
}

/** The upload that a response opened. */
export function sessionOf(api: RepositoryApi, response: ApiResponse): UploadSession {
  const minimum = Number(response.header('oci-chunk-min-length') ?? 0)
  return { location: locationOf(api, response), minimumChunk: Number.isSafeInteger(minimum) ? minimum : 0 }
}

/** Asks to mount a blob of another repository. Status 201: it is mounted; 202: an upload was opened instead. */
export async function askToMount(
  api: RepositoryApi,
  { digest }: Descriptor,
  from: string,
  { signal }: Call,
): Promise<ApiResponse> {
  const { name, scopes } = api
  const response = await api.send({
    method: 'POST',
    url: `blobs/uploads/?${new URLSearchParams({ mount: digest, from })}`,
    scopes: from === name ? scopes : [...scopes, { repository: from, actions: 'pull' }],
    expect: [201, 202],
    headers: { 'content-length': '0' },
    signal,
    patience: { unreachable: BRIEF },
  })
  await response.body.dump()
  return response
}

/**
 * The location of an open upload and the offset that the registry tells. Undefined if the registry has dropped the upload, does not
 * tell, or tells of more bytes than the blob has: a new upload may go well where this one cannot continue.
 * @throws errors without an answer, and requests to wait, because a new upload would meet them, too
 */
export async function findUpload(
  api: RepositoryApi,
  session: UploadSession,
  { size }: Descriptor,
  { signal }: Call,
  context: Context,
): Promise<{ readonly session: UploadSession; readonly offset: number } | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await api.send({ method: 'GET', url: session.location, expect: [200, 204], signal })
      await response.body.dump()
      const location =
        response.header('location') === undefined ? session.location : locationOf(api, response)
      const offset = parseUploadRange(response.header('range'))
      return offset > size ? undefined : { session: { ...session, location }, offset }
    } catch (thrown) {
      const { code, subject } = unlessAborted(thrown)
      if (subject.status === undefined || code === 'rate-limited') throw thrown
      if (subject.status !== 409 || attempt === BUSY.tries) return undefined
      await pause(context, BUSY.wait, signal)
    }
  }
}

/** Closes an upload: the registry checks the digest of the bytes that it received. */
export async function finishUpload(
  api: RepositoryApi,
  { location }: UploadSession,
  { digest, size }: Descriptor,
  { signal }: Call,
): Promise<void> {
  const response = await api.send({
    method: 'PUT',
    url: closing(location, digest),
    expect: [201, 204],
    headers: { 'content-length': '0' },
    signal,
    answerTimeout: answerTimeout(api.client.stallTimeout, size),
  })
  await response.body.dump()
}

/** Cancels an upload. That is tried once, because the registry removes it later by itself. */
export async function cancelUpload(
  api: RepositoryApi,
  { location }: UploadSession,
  { signal }: Call,
): Promise<void> {
  try {
    const response = await api.send({
      method: 'DELETE',
      url: location,
      expect: [200, 202, 204, 404, 405],
      signal,
      patience: {
        'rate-limited': NO_RETRY,
        unreachable: NO_RETRY,
        stalled: NO_RETRY,
        'server-error': NO_RETRY,
      },
    })
    await response.body.dump()
  } catch {
    // Nobody needs the upload.
  }
}

/** The key of an upload in the journal. */
export function uploadKey({ client, name }: RepositoryApi, { digest }: Descriptor): UploadKey {
  return { host: client.host, repository: name, digest }
}

/** The error if it came from the registry, or a host that it sends uploads to; undefined if the content failed. */
export function failureOf({ client }: RepositoryApi, thrown: unknown): GpregError | undefined {
  return isGpregError(thrown) && thrown.subject.side === client.side ? thrown : undefined
}

/** The URL of the PUT that closes an upload. The location may have a query of its own. */
export function closing(location: URL, digest: Digest): URL {
  const url = new URL(location)
  url.searchParams.set('digest', digest)
  return url
}

/** Milliseconds that the response to the last bytes of a body may take. @param size of the body in bytes */
export function answerTimeout(stallTimeout: number, size: number): number {
  return stallTimeout + Math.ceil((size / SLOWEST_HASHING) * 1000)
}

/** The `Location` of a response. */
export function locationOf({ client, name }: RepositoryApi, response: ApiResponse): URL {
  const asked = { method: 'POST', path: `${name}/blobs/uploads/`, host: client.host, side: client.side }
  try {
    return uploadLocation(response.url, response.header('location'), asked, client.plainHttp)
  } catch (error) {
    throw isGpregError(error) ? client.secrets.scrubError(error) : error
  }
}

/** The next offset after `Range: 0-99`. Registries say `0-0` of an empty upload, so that counts as no byte. */
export function parseUploadRange(header: string | undefined): number {
  const end = Number(/^(?:bytes[= ])?0-(\d{1,15})$/.exec(header?.trim() ?? '')?.[1] ?? 0)
  return end === 0 ? 0 : end + 1
}
