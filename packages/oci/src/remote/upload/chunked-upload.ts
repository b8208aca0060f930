import type { Context } from '../../context.ts'
import { GpregError, type ErrorCode } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { patienceFor, pause, retryDelay } from '../../retry.ts'
import type { ByteStream, Content } from '../../store/content.ts'
import type { RegistryClient } from '../http/client.ts'
import type { ApiResponse } from '../http/request.ts'
import { quirksOf, type Quirks } from '../kind/quirks.ts'
import type { RepositoryApi } from '../repository-api.ts'
import { ContentReader, piecesOf } from './content-reader.ts'
import { sendBody } from './upload-body.ts'
import type { UploadJournal } from './upload-journal.ts'
import type { UploadResources } from './upload-resources.ts'
import {
  failureOf,
  findUpload,
  finishUpload,
  locationOf,
  parseUploadRange,
  startUpload,
  uploadKey,
  type UploadSession,
} from './upload-session.ts'
import { isStored } from '../existence.ts'

/** Bytes of a chunk: below the limit of most proxies (often 100 MB), and large enough that requests do not count. */
const CHUNK = 32 * 1024 * 1024

/**
 * Bytes of a chunk of an upload that outlives the process. It is read whole before it is sent, because CNCF distribution drops an
 * upload whose chunk breaks off: with a slow source, a killed process was then most likely reading, not sending.
 */
const KEPT_CHUNK = 4 * 1024 * 1024

/**
 * Milliseconds of an upload below which it is sent as one stream, because every chunk costs a request and, on a registry with
 * plain files, a sync of its disk. The time is estimated after a first look, because at first only buffers on the way fill up.
 */
const BRIEF = 10_000
const FIRST_LOOK = 500

/** Bytes of the smallest chunk: a proxy that refuses it takes no layers. */
const SMALLEST_CHUNK = 1024 * 1024

/** Errors after which an upload continues or starts over. */
const RESUMABLE: ReadonlySet<ErrorCode> = new Set([
  'rate-limited',
  'unreachable',
  'stalled',
  'server-error',
  'upload-lost',
])

/** Errors of an upload that no later run could continue either. After others, such as those of a login, one can. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['digest-mismatch', 'upload-lost', 'not-found', 'protocol'])

export interface ChunkedBlob {
  readonly api: RepositoryApi
  readonly descriptor: Descriptor
  readonly content: Content
  readonly signal: AbortSignal
  readonly context: Context
  readonly resources: UploadResources
  /** Records every chunk that arrived; undefined for an upload that need not outlive the process. */
  readonly journal?: UploadJournal | undefined
}

/**
 * Sends a blob in chunks, and after each break continues from the offset that the registry tells.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export class ChunkedUpload {
  readonly #blob: ChunkedBlob
  readonly #quirks: Quirks
  #offset = 0
  /** Whether chunks are recorded in the journal. */
  #kept: boolean
  /** bytes of the next chunk */
  #chunk: number
  readonly #reader: ContentReader
  readonly #started: number
  #sent = 0
  /** The largest offset of all tries. Only progress beyond it resets the tries: a registry may forget bytes for ever. */
  #furthest = 0

  constructor(blob: ChunkedBlob) {
    this.#blob = blob
    this.#quirks = quirksOf(blob.api.client.host)
    this.#kept = blob.journal !== undefined
    this.#chunk = this.#kept ? KEPT_CHUNK : CHUNK
    this.#reader = new ContentReader(blob.content, blob.descriptor.size, blob.signal, blob.resources.buffers)
    this.#started = blob.context.elapsed()
  }

  /**
   * @param first an open upload
   * @param offset bytes that it has received; undefined if only the registry knows
   */
  async send(first: UploadSession, offset?: number): Promise<void> {
    const { api } = this.#blob
    try {
      await this.#send(first, offset)
      await this.#forget()
    } catch (thrown) {
      const error = failureOf(api, thrown)
      if (error !== undefined && HOPELESS.has(error.code)) await this.#forget()
      throw thrown
    } finally {
      await this.#reader.close()
    }
  }

  async #send(first: UploadSession, offset?: number): Promise<void> {
    const { api, descriptor, signal } = this.#blob
    this.#offset = offset ?? 0
    let session = offset === undefined ? await this.#resume(first) : first
    for (let failures = 0; session !== undefined;) {
      const length = Math.min(this.#chunkOf(session), descriptor.size - this.#offset)
      try {
        if (length === 0) return await finishUpload(api, session, descriptor, { signal })
        session = await this.#sendChunk(session, length)
        await this.#note(session)
        if (this.#kept && this.#isBrief(length)) this.#keep(false)
      } catch (thrown) {
        const error = failureOf(api, thrown)
        if (error === undefined) throw thrown
        if (lowerBodyLimit(api.client, error, length, session.minimumChunk)) failures = 0
        else if (RESUMABLE.has(error.code) && error.retryable) await this.#waitOrThrow(error, ++failures)
        else throw error
        if (!this.#kept && this.#blob.journal !== undefined) this.#keep(true)
        // A proxy that hangs up on large bodies looks like a bad line, and smaller chunks help with both.
        if (failures > 1) this.#chunk = Math.max(SMALLEST_CHUNK / 4, Math.ceil(length / 2))
        session = await this.#resume(session)
      }
      if (this.#offset > this.#furthest) failures = 0
      this.#furthest = Math.max(this.#furthest, this.#offset)
    }
  }

  /** The same upload at the offset that the registry tells, or a new one; undefined if the blob turns out to be stored. */
  async #resume(session: UploadSession): Promise<UploadSession | undefined> {
    const { api, descriptor, signal, context } = this.#blob
    const found = this.#quirks.resumes
      ? await findUpload(api, session, descriptor, { signal }, context)
      : undefined
    this.#offset = found?.offset ?? 0
    if (found !== undefined) return found.session
    return (await isStored(api, descriptor, { signal })) ? undefined : startUpload(api, { signal })
  }

  /** Whether the whole upload takes so little time that it need not be kept, judged by the throughput so far. */
  #isBrief(sent: number): boolean {
    const { context, descriptor } = this.#blob
    this.#sent += sent
    const elapsed = context.elapsed() - this.#started
    return elapsed >= FIRST_LOOK && (elapsed * descriptor.size) / this.#sent < BRIEF
  }

  /** Switches between chunks that are recorded, and one chunk with all of the rest. */
  #keep(kept: boolean): void {
    this.#kept = kept
    this.#chunk = kept ? KEPT_CHUNK : this.#blob.descriptor.size
  }

  #chunkOf({ minimumChunk }: UploadSession): number {
    return Math.max(Math.min(this.#chunk, this.#blob.api.client.bodyLimit), minimumChunk)
  }

  async #sendChunk(session: UploadSession, length: number): Promise<UploadSession> {
    const { api, signal, context } = this.#blob
    const start = this.#offset
    const end = start + length
    const body = { length, open: await this.#bytes(start, length) }
    // ECR answers 201.
    const request = {
      method: 'PATCH',
      url: session.location,
      expect: [202, 201, 204],
      range: `${start}-${end - 1}`,
    } as const
    const response = await sendBody(api, request, body, signal, context)
    this.#offset = this.#offsetAfter(response, start, end)
    return response.header('location') === undefined
      ? session
      : { ...session, location: locationOf(api, response) }
  }

  /** The bytes of a chunk: in memory if the upload is kept, otherwise read while they are sent. */
  async #bytes(start: number, length: number): Promise<() => ByteStream> {
    if (!this.#kept) return () => this.#reader.stream(start, length)
    const bytes = await this.#reader.take(start, length)
    return () => piecesOf(bytes)
  }

  /** Records the upload, unless its location is on another host: cloud registries sign such locations, so they are secret. */
  async #note({ location }: UploadSession): Promise<void> {
    const { api, descriptor, journal } = this.#blob
    if (location.host === api.client.host)
      await journal?.note(uploadKey(api, descriptor), location, this.#offset)
  }

  async #forget(): Promise<void> {
    const { api, descriptor, journal } = this.#blob
    await journal?.forget(uploadKey(api, descriptor))
  }

  /**
   * The offset after a chunk, by the registry's word if it can be believed; bytes that it did not take are sent again.
   * @throws `upload-lost` if it took none, because it may take none for ever
   */
  #offsetAfter(response: ApiResponse, start: number, end: number): number {
    const range = response.header('range')
    if (!this.#quirks.tellsOffset || range === undefined) return end
    const told = parseUploadRange(range)
    if (told === 0 || told >= end) return end
    if (told > start) return told
    const { host, side } = this.#blob.api.client
    throw new GpregError(
      'upload-lost',
      `${host} took no byte of a chunk from byte ${start} on: it has ${told}`,
      { host, side },
    )
  }

  async #waitOrThrow(error: GpregError, failures: number): Promise<void> {
    const { context, descriptor, signal } = this.#blob
    const policy = patienceFor(error)
    if (failures >= policy.attempts) throw error.final()
    const delay = retryDelay(failures, error, policy, context.random())
    context.emit({
      type: 'retry',
      operation: `upload of ${descriptor.digest}`,
      attempt: failures,
      delay,
      error,
    })
    await pause(context, delay, signal)
  }
}

/**
 * Lowers the body limit of a host after a 413, for this and all later bodies.
 * @param smallest bytes of the smallest body that the registry takes
 * @returns false for other errors, and for a body that cannot be made smaller
 */
export function lowerBodyLimit(
  client: RegistryClient,
  error: GpregError,
  length: number,
  smallest = 0,
): boolean {
  if (error.subject.status !== 413 || length <= Math.max(SMALLEST_CHUNK, smallest)) return false
  client.bodyLimit = Math.min(client.bodyLimit, CHUNK, Math.ceil(length / 2))
  return true
}
