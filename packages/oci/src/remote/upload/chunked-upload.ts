import type { Context } from '../../context.ts'
import type { ErrorCode, GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { patienceFor, pause, retryDelay } from '../../retry.ts'
import type { ByteStream, Content } from '../../store/content.ts'
import type { RegistryClient } from '../http/client.ts'
import { ContentReader, piecesOf } from './content-reader.ts'
import type { ApiResponse } from '../http/exchange.ts'
import { quirksOf, type Quirks } from '../quirks.ts'
import { sendBody } from './upload-body.ts'
import type { UploadJournal } from './upload-journal.ts'
import {
  failureOf,
  findUpload,
  finishUpload,
  isStored,
  locationOf,
  parseUploadRange,
  startUpload,
  uploadKey,
  type UploadSession,
  type UploadTarget,
} from './upload-session.ts'

/** Below what proxies take (often 100 MB), and large enough that requests do not count. */
const CHUNK = 32 * 1024 * 1024

/**
 * A chunk that should outlive the process is read whole before it is sent. CNCF distribution gives an upload up whose chunk was
 * torn, so that on a thin line to the source the process is killed while it reads, not while it sends.
 */
const KEPT_CHUNK = 4 * 1024 * 1024

/**
 * An upload that takes less than this altogether, in milliseconds, is sooner sent again than kept: every chunk costs a request,
 * and a registry on plain files a sync of its disk. Told after a first look, since what buffers on the way take is no speed.
 */
const BRIEF = 10_000
const FIRST_LOOK = 500

/** A proxy that takes less than this takes no layers. */
const SMALLEST_CHUNK = 1024 * 1024

/** After these an upload goes on, or starts anew. */
const RESUMABLE: ReadonlySet<ErrorCode> = new Set([
  'rate-limited',
  'unreachable',
  'stalled',
  'server-error',
  'upload-lost',
])

export interface ChunkedBlob {
  readonly target: UploadTarget
  readonly descriptor: Descriptor
  readonly content: Content
  readonly signal: AbortSignal
  readonly context: Context
  /** Where every chunk that arrived is noted. */
  readonly journal?: UploadJournal
}

/**
 * Sends a blob in chunks, and after each break goes on where the registry says it is.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export class ChunkedUpload {
  readonly #blob: ChunkedBlob
  readonly #quirks: Quirks
  #offset = 0
  /** Whether chunks are to outlive the process. */
  #kept: boolean
  #chunk: number
  readonly #reader: ContentReader
  readonly #started: number
  #sent = 0
  /** How far any try came. A registry that forgets what it had must not keep us busy for ever. */
  #furthest = 0

  constructor(blob: ChunkedBlob) {
    this.#blob = blob
    this.#quirks = quirksOf(blob.target.client.host)
    this.#kept = blob.journal !== undefined
    this.#chunk = this.#kept ? KEPT_CHUNK : CHUNK
    this.#reader = new ContentReader(blob.content, blob.descriptor.size, blob.signal)
    this.#started = blob.context.now()
  }

  /**
   * @param first an upload that is open
   * @param offset the bytes that it has taken; absent where only the registry knows
   */
  async send(first: UploadSession, offset?: number): Promise<void> {
    const { target, descriptor } = this.#blob
    try {
      await this.#send(first, offset)
    } finally {
      await this.#reader.close()
    }
    await this.#blob.journal?.forget(uploadKey(target, descriptor))
  }

  async #send(first: UploadSession, offset?: number): Promise<void> {
    const { target, descriptor, signal } = this.#blob
    this.#offset = offset ?? 0
    let session = offset === undefined ? await this.#resume(first) : first
    for (let failures = 0; session !== undefined;) {
      const length = Math.min(this.#chunkOf(session), descriptor.size - this.#offset)
      try {
        if (length === 0) return await finishUpload(target, session, descriptor, { signal })
        session = await this.#sendChunk(session, length)
        await this.#note(session)
        if (this.#kept && this.#isBrief(length)) this.#keep(false)
      } catch (thrown) {
        const error = failureOf(target, thrown)
        if (error === undefined) throw thrown
        if (lowerBodyLimit(target.client, error, length)) failures = 0
        else if (RESUMABLE.has(error.code) && error.retryable) await this.#waitOrThrow(error, ++failures)
        else throw error
        if (!this.#kept && this.#blob.journal !== undefined) this.#keep(true)
        // A proxy that hangs up on large bodies looks like a bad line, and smaller ones do better on that too.
        if (failures > 1) this.#chunk = Math.max(SMALLEST_CHUNK / 4, Math.ceil(length / 2))
        session = await this.#resume(session)
      }
      if (this.#offset > this.#furthest) failures = 0
      this.#furthest = Math.max(this.#furthest, this.#offset)
    }
  }

  /** The same upload at the offset that the registry tells, or a new one; undefined where the blob turns out to be there. */
  async #resume(session: UploadSession): Promise<UploadSession | undefined> {
    const { target, descriptor, signal, context } = this.#blob
    const found = this.#quirks.resumes ? await findUpload(target, session, { signal }, context) : undefined
    this.#offset = found?.offset ?? 0
    if (found !== undefined) return found.session
    return (await isStored(target, descriptor, { signal })) ? undefined : startUpload(target, { signal })
  }

  /** What the line gave so far says how long all of it takes. */
  #isBrief(sent: number): boolean {
    const { context, descriptor } = this.#blob
    this.#sent += sent
    const elapsed = context.now() - this.#started
    return elapsed >= FIRST_LOOK && (elapsed * descriptor.size) / this.#sent < BRIEF
  }

  /** Chunks that outlive the process, or all that is left in one. */
  #keep(kept: boolean): void {
    this.#kept = kept
    this.#chunk = kept ? KEPT_CHUNK : this.#blob.descriptor.size
  }

  #chunkOf({ minimumChunk }: UploadSession): number {
    return Math.max(Math.min(this.#chunk, this.#blob.target.client.bodyLimit), minimumChunk)
  }

  async #sendChunk(session: UploadSession, length: number): Promise<UploadSession> {
    const { target, signal } = this.#blob
    const start = this.#offset
    const end = start + length
    const body = { length, open: await this.#bytes(start, length) }
    // 201 is what ECR says
    const request = {
      method: 'PATCH',
      target: session.location,
      expect: [202, 201, 204],
      range: `${start}-${end - 1}`,
    } as const
    const response = await sendBody(target, request, body, signal)
    this.#offset = this.#offsetAfter(response, end)
    return response.header('location') === undefined
      ? session
      : { ...session, location: locationOf(target, response) }
  }

  /** A chunk that is kept is in memory before it is sent; any other is read while it is. */
  async #bytes(start: number, length: number): Promise<() => ByteStream> {
    if (!this.#kept) return () => this.#reader.stream(start, length)
    const bytes = await this.#reader.take(start, length)
    return () => piecesOf(bytes)
  }

  /** Cloud registries may answer with an address elsewhere that is signed: that is nothing to keep. */
  async #note({ location }: UploadSession): Promise<void> {
    const { target, descriptor, journal } = this.#blob
    if (location.host === target.client.host)
      await journal?.note(uploadKey(target, descriptor), location, this.#offset)
  }

  /** What the registry says it has; less than was sent is sent again. */
  #offsetAfter(response: ApiResponse, end: number): number {
    const range = response.header('range')
    if (!this.#quirks.tellsOffset || range === undefined) return end
    const told = parseUploadRange(range)
    return told > 0 && told < end ? told : end
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

/** A body that was too large is tried smaller, and so is every later one. False where that is not what went wrong. */
export function lowerBodyLimit(client: RegistryClient, error: GpregError, length: number): boolean {
  if (error.subject.status !== 413 || length <= SMALLEST_CHUNK) return false
  client.bodyLimit = Math.min(client.bodyLimit, CHUNK, Math.ceil(length / 2))
  return true
}
