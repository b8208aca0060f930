import type { Context } from '../../context.ts'
import { GpregError } from '../../errors.ts'
import type { ByteStream } from '../../store/content.ts'
import type { RegistryClient } from '../http/client.ts'
import type { ApiResponse } from '../http/request.ts'
import type { RepositoryApi, RepositoryRequest } from '../repository-api.ts'
import { UnsentChunks } from './unsent-chunks.ts'
import { answerTimeout } from './upload-session.ts'

export interface UploadBody {
  /** bytes */
  readonly length: number
  readonly open: (signal: AbortSignal) => ByteStream
}

/** A PUT or PATCH of an upload. */
export interface BodyRequest extends Pick<RepositoryRequest, 'method' | 'url' | 'expect'> {
  /** `Content-Range` of a chunk */
  readonly range?: string
}

/** Sends bytes of a blob. @throws `stalled` if the registry takes none of them for too long, and errors of the content */
export async function sendBody(
  api: RepositoryApi,
  { range, ...request }: BodyRequest,
  { length, open }: UploadBody,
  signal: AbortSignal,
  context: Context,
): Promise<ApiResponse> {
  const guard = new StallGuard(api.client, signal, context)
  try {
    const response = await api.send({
      ...request,
      headers: {
        'content-length': String(length),
        'content-type': 'application/octet-stream',
        ...(range === undefined ? {} : { 'content-range': range }),
      },
      body: length === 0 ? new Uint8Array() : () => guard.open(open(guard.signal)),
      signal: guard.signal,
      answerTimeout: answerTimeout(api.client.stallTimeout, length),
    })
    await response.body.dump()
    guard.unsent.recycle()
    return response
  } catch (error) {
    // If the content failed, that is the cause; the broken request only followed.
    throw guard.reason ?? error
  } finally {
    guard.end()
  }
}

/** Checks within each stall time-out, so that a stall is noticed at most a tenth of it late. */
const CHECKS = 10

/**
 * Watches the bytes of an upload. It aborts the request when the registry takes no byte for too long, and remembers an error of
 * the content, because the HTTP client would report that as an error of its own.
 */
class StallGuard {
  readonly signal: AbortSignal
  reason: unknown
  unsent = new UnsentChunks()
  readonly #abort = new AbortController()
  readonly #client: RegistryClient
  readonly #context: Context
  /** One interval timer for the whole body, because a timer for each chunk would be too many. */
  readonly #timer: NodeJS.Timeout
  /** When the last chunk was handed to the HTTP client; undefined once that has taken it. */
  #handedOver: number | undefined
  #source: AsyncIterator<Uint8Array> | undefined

  constructor(client: RegistryClient, outer: AbortSignal, context: Context) {
    this.#client = client
    this.#context = context
    this.signal = AbortSignal.any([outer, this.#abort.signal])
    this.#timer = setInterval(() => this.#check(), client.stallTimeout / CHECKS)
  }

  /** Reads the first bytes before the request, because a server closes a connection on which no request comes (crane: 5 s). */
  async open(stream: ByteStream): Promise<ByteStream> {
    this.#close()
    // What an earlier connection has not written is left to it.
    this.unsent = new UnsentChunks()
    this.#source = stream[Symbol.asyncIterator]()
    try {
      return this.#watch(await this.#source.next(), this.#source)
    } catch (error) {
      this.reason ??= error
      throw error
    }
  }

  async *#watch(first: IteratorResult<Uint8Array>, source: AsyncIterator<Uint8Array>): ByteStream {
    try {
      for (let chunk = first; chunk.done !== true; chunk = await source.next()) {
        this.#handedOver = this.#context.elapsed()
        yield chunk.value
        this.#handedOver = undefined
        this.unsent.add(chunk.value)
      }
    } catch (error) {
      this.reason ??= error
      throw error
    } finally {
      this.#handedOver = undefined
      await source.return?.()
    }
  }

  end(): void {
    clearInterval(this.#timer)
    this.#close()
  }

  /** Closes the content, also if a request failed before it took a byte. */
  #close(): void {
    this.#source?.return?.()?.catch(() => {})
    this.#source = undefined
  }

  #check(): void {
    const { host, side, stallTimeout } = this.#client
    if (this.#handedOver === undefined || this.#context.elapsed() - this.#handedOver < stallTimeout) return
    this.reason = new GpregError('stalled', `${host} took no byte for ${stallTimeout / 1000} s`, {
      host,
      side,
      hint: 'run the same command again to continue; a registry that is slow rather than down may need a longer --stall-timeout',
    })
    this.#abort.abort()
  }
}
