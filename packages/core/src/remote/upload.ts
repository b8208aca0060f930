import type { Context } from '../context.ts'
import { GpregError, type Side } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { ByteStream, Call, Content } from '../store/content.ts'
import type { Scope } from './authority.ts'
import type { RegistryClient } from './client.ts'
import type { ApiResponse } from './exchange.ts'
import { resolveLocation } from './location.ts'

/** Registries hash a whole blob before they answer its PUT: this many bytes a second is the slowest we wait for. */
const SLOWEST_HASHING = 20 * 1024 * 1024

export interface Upload {
  readonly client: RegistryClient
  readonly repository: string
  readonly scopes: readonly Scope[]
  readonly stallTimeout: number
}

/**
 * Asks for a mount of another repository's blob. Where the registry starts an upload instead, that upload is given up.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
 */
export async function mountBlob(
  { client, repository, scopes }: Upload,
  descriptor: Descriptor,
  from: string,
  call: Call,
): Promise<boolean> {
  const query = new URLSearchParams({ mount: descriptor.digest, from })
  const response = await client.request({
    method: 'POST',
    target: `${repository}/blobs/uploads/?${query}`,
    scopes: [...scopes, { repository: from, actions: 'pull' }],
    expect: [201, 202],
    headers: { 'content-length': '0' },
    signal: call.signal,
  })
  await response.body.dump()
  if (response.status === 201) return true
  await cancelUpload({ client, repository, scopes }, response)
  return false
}

/**
 * Sends a blob as one streamed PUT.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#post-then-put
 */
export async function uploadBlob(
  upload: Upload,
  descriptor: Descriptor,
  content: Content,
  call: Call,
  context: Context,
): Promise<void> {
  const { client, repository, scopes } = upload
  const started = await client.request({
    method: 'POST',
    target: `${repository}/blobs/uploads/`,
    scopes,
    expect: [202],
    headers: { 'content-length': '0' },
    signal: call.signal,
  })
  await started.body.dump()
  const location = uploadLocation(started, client.host, client.side, repository)
  location.searchParams.set('digest', descriptor.digest)
  const guard = new StallGuard(upload.stallTimeout, call.signal ?? context.signal, client)
  const stream = content.open({ offset: 0, signal: guard.signal })
  try {
    const response = await client.request({
      method: 'PUT',
      target: location,
      scopes,
      expect: [201, 204],
      headers: { 'content-length': String(descriptor.size), 'content-type': 'application/octet-stream' },
      body: descriptor.size === 0 ? new Uint8Array() : guard.watch(stream),
      signal: guard.signal,
      answerTimeout: upload.stallTimeout + Math.ceil((descriptor.size / SLOWEST_HASHING) * 1000),
    })
    await response.body.dump()
  } catch (error) {
    // What went wrong with the content is the cause; that the request broke over it is not.
    throw guard.reason ?? error
  } finally {
    guard.end()
  }
}

async function cancelUpload(
  upload: Pick<Upload, 'client' | 'repository' | 'scopes'>,
  started: ApiResponse,
): Promise<void> {
  const { client, repository, scopes } = upload
  try {
    const target = uploadLocation(started, client.host, client.side, repository)
    const response = await client.request({
      method: 'DELETE',
      target,
      scopes,
      expect: [200, 202, 204, 404, 405],
    })
    await response.body.dump()
  } catch {
    // An upload that cannot be given up is collected by the registry.
  }
}

function uploadLocation(response: ApiResponse, host: string, side: Side, repository: string): URL {
  const asked = { method: 'POST', path: `${repository}/blobs/uploads/`, host, side }
  return resolveLocation(response.url, response.header('location'), asked)
}

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
  #timer: NodeJS.Timeout | undefined

  constructor(timeout: number, outer: AbortSignal, client: RegistryClient) {
    this.#timeout = timeout
    this.#client = client
    this.signal = AbortSignal.any([outer, this.#abort.signal])
  }

  async *watch(stream: ByteStream): ByteStream {
    try {
      for await (const chunk of stream) {
        this.#timer = setTimeout(() => this.#stalled(), this.#timeout)
        yield chunk
        clearTimeout(this.#timer)
      }
    } catch (error) {
      this.reason ??= error
      throw error
    } finally {
      clearTimeout(this.#timer)
    }
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #stalled(): void {
    const { host, side } = this.#client
    this.reason = new GpregError('stalled', `${host} took no byte for ${this.#timeout / 1000} s`, {
      host,
      side,
      hint: 'run the same command again to continue; a registry that is slow rather than down may need a longer --stall-timeout',
    })
    this.#abort.abort()
  }
}
