import type { Context } from '../../context.ts'
import type { GpregError, Side } from '../../errors.ts'
import { readDocument, readStart, type DocumentBounds } from './body.ts'
import type { Connections } from './connections.ts'
import { findEndpoint } from './endpoint.ts'
import { networkError, responseError, type Asked } from './failure.ts'
import type { HostBudget } from './host-budget.ts'
import { followRedirect } from './location.ts'
import { PullQuota } from './pull-quota.ts'
import { describePath, sendRequest, type ApiRequest, type ApiResponse } from './request.ts'
import { Secrets } from './secrets.ts'

export interface TransportOptions {
  readonly host: string
  readonly side: Side
  readonly plainHttp: readonly string[]
  readonly connections: Connections
  /** Shared by both sides of a copy. */
  readonly budget: HostBudget
  /** When the host has no pulls left, waits for more instead of failing. */
  readonly waitForQuota: boolean
  /** milliseconds without a byte */
  readonly stallTimeout: number
}

/** A small document may take this many stall time-outs in all. */
const DOCUMENT_PATIENCE = 5

/** Sends requests to one registry: finds its address, follows redirects, reports each request, and types the errors. */
export class Transport {
  /** Requests sent so far, redirects included. */
  requests = 0
  /** Whether the host has responded at all, with whatever status. */
  hasAnswered = false
  readonly quota: PullQuota
  /** The secrets that the registry was sent: messages must not repeat them. */
  readonly secrets = new Secrets()
  readonly #options: TransportOptions
  readonly #context: Context
  #endpoint: Promise<URL> | undefined
  /** The base URL, once it is known. */
  #base: URL | undefined

  constructor(options: TransportOptions, context: Context) {
    this.quota = new PullQuota({ ...options, wait: options.waitForQuota }, context)
    this.#options = options
    this.#context = context
  }

  get scheme(): 'http' | 'https' {
    return this.#base?.protocol === 'http:' ? 'http' : 'https'
  }

  /** The base URL of the API, `https://host/v2/`. */
  endpoint(): Promise<URL> {
    this.#endpoint ??= findEndpoint(this.#options.host, this.#options.plainHttp).then(
      url => (this.#base = url),
    )
    return this.#endpoint
  }

  /** The absolute URL of a request. */
  async urlOf(url: string | URL): Promise<URL> {
    return url instanceof URL ? url : new URL(url, await this.endpoint())
  }

  /** Whether a URL has the scheme, host and port of the registry itself. */
  isOwn(url: URL): boolean {
    return this.#base !== undefined && url.origin === this.#base.origin
  }

  /** Sends a request and follows the redirects of its responses. Credentials are sent only to the registry's own origin. */
  async sendFollowing(
    request: ApiRequest,
    url: URL,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    let response = await this.send(request, url, authorization, signal)
    if (request.method !== 'GET' && request.method !== 'HEAD') return response
    for (let hops = 0; response.status >= 300 && response.status < 400 && response.status !== 304; hops++) {
      const next = followRedirect(response.url, response.header('location'), hops, this.asked(request))
      await response.body.dump()
      response = await this.send(request, next, this.isOwn(next) ? authorization : undefined, signal)
    }
    return response
  }

  /** Sends one request. Any status is returned. @throws errors of the network, typed */
  async send(
    request: ApiRequest,
    url: URL,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    const { connections, budget, host } = this.#options
    this.requests++
    if (authorization !== undefined) this.secrets.learnHeader(authorization)
    const connection = await connections.to(this.isOwn(url) ? host : url.host, url)
    try {
      const response = await sendRequest(request, { url, connection, authorization, signal })
      this.hasAnswered = true
      this.#report(request, response.status)
      if (response.status === 429 || response.status >= 500) budget.slowDown()
      this.quota.note(response.header('ratelimit-remaining'))
      return response
    } catch (thrown) {
      this.#report(request, 0)
      const error = networkError(thrown, this.asked(request), connection)
      if (error.code === 'stalled') budget.slowDown()
      throw error
    }
  }

  /** Reads the body of a response whole. */
  read(response: ApiResponse, bounds: DocumentBounds, request: ApiRequest): Promise<Uint8Array> {
    const patience = DOCUMENT_PATIENCE * this.#options.stallTimeout
    return readDocument(response, bounds, this.asked(request), patience, this.#context.elapsed)
  }

  /** The error for a response with an unexpected status. A `Retry-After` pauses all requests to the host. */
  async failure(response: ApiResponse, request: ApiRequest): Promise<GpregError> {
    const text = await readStart(response.body)
    const scrub = (said: string) => this.secrets.scrub(said)
    const error = responseError({ ...response, text, scrub }, this.asked(request), this.#context.now())
    if (error.retryAfter !== undefined) this.#options.budget.pauseFor(error.retryAfter)
    return error
  }

  /** A request as error messages name it. */
  asked({ method, url }: ApiRequest): Asked {
    const { host, side } = this.#options
    return { method, path: this.describe(url), host, side }
  }

  /** The path of a request. A URL that the registry made may repeat a secret, so it is scrubbed. */
  describe(url: string | URL): string {
    const path = describePath(url)
    return url instanceof URL ? this.secrets.scrub(path) : path
  }

  #report({ method, url }: ApiRequest, status: number): void {
    const { host, side } = this.#options
    this.#context.emit({ type: 'request', side, host, method, path: this.describe(url), status })
  }
}
