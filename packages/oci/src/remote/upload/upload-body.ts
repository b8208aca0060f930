import { GpregError } from '../../errors.ts'
import type { ByteStream } from '../../store/content.ts'
import type { RegistryClient } from '../http/client.ts'
import type { ApiRequest, ApiResponse } from '../http/exchange.ts'
import { answerTimeout, type UploadTarget } from './upload-session.ts'

export interface UploadBody {
  /** bytes */
  readonly length: number
  readonly open: (signal: AbortSignal) => ByteStream
}

/** Sends bytes of a blob. Fails when the registry takes none of them for too long. */
export async function sendBody(
  { client, scopes, stallTimeout }: UploadTarget,
  request: Pick<ApiRequest, 'method' | 'target' | 'expect'> & { readonly range?: string },
  { length, open }: UploadBody,
  signal: AbortSignal,
): Promise<ApiResponse> {
  const { range, ...rest } = request
  const guard = new StallGuard(stallTimeout, signal, client)
  try {
    const response = await client.request({
      ...rest,
      scopes,
      headers: {
        'content-length': String(length),
        'content-type': 'application/octet-stream',
        ...(range === undefined ? {} : { 'content-range': range }),
      },
      body: length === 0 ? new Uint8Array() : guard.watch(open(guard.signal)),
      signal: guard.signal,
      answerTimeout: answerTimeout(stallTimeout, length),
    })
    await response.body.dump()
    return response
  } catch (error) {
    // What went wrong with the content is the cause; that the request broke over it is not.
    throw guard.reason ?? error
  } finally {
    guard.end()
  }
}

/** How often a time-out is looked at while it runs: a stall is seen at most a tenth of it late. */
const LOOKS = 10

/**
 * Watches the bytes of an upload. Ends it when the registry takes no byte for too long, and remembers an error of the
 * content itself, which the HTTP client would report as its own.
 */
class StallGuard {
  readonly signal: AbortSignal
  reason: unknown
  readonly #abort = new AbortController()
  readonly #timeout: number
  readonly #client: RegistryClient
  /** One for the whole body, since chunks are many: it looks how long the last one has been out. */
  readonly #timer: NodeJS.Timeout
  #handedOver: number | undefined

  constructor(timeout: number, outer: AbortSignal, client: RegistryClient) {
    this.#timeout = timeout
    this.#client = client
    this.signal = AbortSignal.any([outer, this.#abort.signal])
    this.#timer = setInterval(() => this.#look(), timeout / LOOKS)
  }

  async *watch(stream: ByteStream): ByteStream {
    try {
      for await (const chunk of stream) {
        this.#handedOver = performance.now()
        yield chunk
        this.#handedOver = undefined
      }
    } catch (error) {
      this.reason ??= error
      throw error
    } finally {
      this.#handedOver = undefined
    }
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    if (this.#handedOver === undefined || performance.now() - this.#handedOver < this.#timeout) return
    const { host, side } = this.#client
    this.reason = new GpregError('stalled', `${host} took no byte for ${this.#timeout / 1000} s`, {
      host,
      side,
      hint: 'run the same command again to continue; a registry that is slow rather than down may need a longer --stall-timeout',
    })
    this.#abort.abort()
  }
}
