import type { Context } from '../../context.ts'
import { toGpregError, type GpregError, type ErrorCode, type Side } from '../../errors.ts'
import { readDocument, readStart, type DocumentBounds } from './body.ts'
import type { Connections } from '../connection/connections.ts'
import { findEndpoint } from '../connection/endpoint.ts'
import { networkError, responseError, type Asked, type FailedResponse } from './failure.ts'
import type { HostBudget } from './host-budget.ts'
import type { HostPause } from './host-pause.ts'
import { followRedirect, isRedirect } from './location.ts'
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
  /** Shared by both sides of a copy. */
  readonly pause: HostPause
  /** When the host has no pulls left, waits for more instead of failing. */
  readonly waitForQuota: boolean
  /** milliseconds without a byte */
  readonly stallTimeout: number
}

/** A small document may take this many stall time-outs in all. */
const DOCUMENT_PATIENCE = 5

/** Statuses of a server that is not the registry, or of a proxy that does not reach it. */
const NOT_HERE: ReadonlySet<number> = new Set([400, 404, 405, 421, 502, 503, 504])

/** Errors of an address at which no such server is. */
const NO_SERVER: ReadonlySet<ErrorCode> = new Set(['unreachable', 'tls-untrusted'])

/** Sends requests to one registry: finds its address, follows redirects, reports each request, and types the errors. */
export class Transport {
  /** Requests sent so far, redirects included. */
  requests = 0
  readonly quota: PullQuota
  /** The secrets that the registry was sent: messages must not repeat them. */
  readonly secrets = new Secrets()
  readonly #options: TransportOptions
  readonly #context: Context
  #endpoint: Promise<URL> | undefined
  /** The base URL as it was found last. */
  #base: URL | undefined
  /** Hosts that have responded at all, with whatever status. */
  readonly #answered = new Set<string>()
  /** Origins that the registry names in a `Location` but that do not work: its own address is used instead. */
  readonly #misnamed = new Set<string>()

  constructor(options: TransportOptions, context: Context) {
    this.quota = new PullQuota({ ...options, wait: options.waitForQuota }, context)
    this.#options = options
    this.#context = context
  }

  get scheme(): 'http' | 'https' {
    return this.#base?.protocol === 'http:' ? 'http' : 'https'
  }

  /** The base URL of the API, while it is known. */
  get base(): URL | undefined {
    return this.#endpoint && this.#base
  }

  /** The base URL of the API, `https://host/v2/`. */
  endpoint(): Promise<URL> {
    const { host, plainHttp, stallTimeout } = this.#options
    this.#endpoint ??= findEndpoint(host, plainHttp, stallTimeout).then(url => (this.#base = url))
    return this.#endpoint
  }

  /** The absolute URL of a request. @param base see {@link endpoint} */
  urlOf(url: string | URL, base: URL): URL {
    // A base as an argument of its own would be parsed once more for each request.
    if (!(url instanceof URL)) return new URL(`${base.href}${url}`)
    return this.#misnamed.has(url.origin) ? new URL(`${url.pathname}${url.search}`, base) : url
  }

  /** Whether a host has responded at all. @param host default: the registry */
  hasAnswered(host = this.#options.host): boolean {
    return this.#answered.has(host)
  }

  /** Whether a URL has the scheme, host and port of the registry itself. */
  isOwn(url: URL): boolean {
    // Not by `origin`, which is put together anew each time.
    return url.host === this.#base?.host && url.protocol === this.#base.protocol
  }

  /**
   * Sends a request and follows the redirects of its responses, with the same method and body. Credentials are sent only to the
   * registry's own origin.
   */
  async sendFollowing(
    request: ApiRequest,
    url: URL,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    const { plainHttp } = this.#options
    let response = await (this.isOwn(url)
      ? this.send(request, url, authorization, signal)
      : this.#sendElsewhere(request, url, authorization, signal))
    for (let hops = 0; isRedirect(response.status, request.method); hops++) {
      await response.body.dump()
      const next = await followRedirect(response, hops, this.asked(request), plainHttp)
      response = await this.send(request, next, this.isOwn(next) ? authorization : undefined, signal)
    }
    return response
  }

  /**
   * Sends a request to another address than that of the registry. If the registry gave one that does not work (an inner name, no port,
   * another scheme), the request goes to the registry's own address, and so do all later ones to that origin.
   */
  async #sendElsewhere(
    request: ApiRequest,
    url: URL,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    const base = await this.endpoint()
    if (!url.pathname.startsWith(base.pathname)) return this.send(request, url, authorization, signal)
    const [first] = await Promise.allSettled([this.send(request, url, authorization, signal)])
    if (isRightAddress(first, request, signal)) return unwrap(first)
    const ownUrl = new URL(`${url.pathname}${url.search}`, base)
    const [own] = await Promise.allSettled([this.send(request, ownUrl, authorization, signal)])
    if (own.status === 'rejected') return unwrap(first)
    if (NOT_HERE.has(own.value.status)) {
      await own.value.body.dump()
      return unwrap(first)
    }
    if (first.status === 'fulfilled') await first.value.body.dump()
    this.#misnamed.add(url.origin)
    return own.value
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
    const asked = this.asked(request, url)
    const connection = await connections.to(this.isOwn(url) ? host : url.host, url)
    try {
      const response = await sendRequest(request, { url, connection, authorization, signal })
      this.#answered.add(asked.host)
      this.#report(asked, response.status)
      if (response.status === 429 || (response.status >= 500 && !isExpected(request, 'server-error')))
        budget.slowDown()
      if (this.isOwn(url)) this.quota.note(response.header('ratelimit-remaining'))
      return response
    } catch (thrown) {
      this.#report(asked, 0)
      // Nothing has shown yet which scheme the host speaks, and it may be one that only now starts.
      if (!this.hasAnswered()) this.#endpoint = undefined
      const error = networkError(thrown, asked, connection)
      if (error.code === 'stalled' && !isExpected(request, 'stalled')) budget.slowDown()
      throw error
    }
  }

  /** Reads the body of a response whole. */
  read(response: ApiResponse, bounds: DocumentBounds, request: ApiRequest): Promise<Uint8Array> {
    const patience = DOCUMENT_PATIENCE * this.#options.stallTimeout
    return readDocument(response, bounds, this.asked(request), patience, this.#context.elapsed)
  }

  /**
   * The error for a response with an unexpected status. A `Retry-After` pauses all requests to the host, unless the response stays as
   * it is: then nobody would ask again.
   * @param about what the request was made with, and for
   */
  async failure(
    response: ApiResponse,
    request: ApiRequest,
    about: Pick<FailedResponse, 'hadLogin' | 'isOfTokenServer'> = {},
  ): Promise<GpregError> {
    const text = await readStart(response.body)
    const scrub = (said: string) => this.secrets.scrub(said)
    const failed = { ...response, ...about, text, scrub }
    const error = responseError(failed, this.asked(request, response.url), this.#context.now())
    if (error.retryAfter === undefined || !error.retryable) return error
    return this.#options.pause.begin(error.retryAfter, error)
  }

  /** A request as error messages name it. @param at where it was sent, after redirects */
  asked({ method, url }: ApiRequest, at?: URL): Asked & { readonly host: string } {
    const { host, side } = this.#options
    const asked = { method, path: this.describe(url), host, side }
    if (at === undefined || this.isOwn(at)) return asked
    const location = this.secrets.scrub(`${at.origin}${at.pathname}`).slice(0, 300)
    return { ...asked, host: at.host, via: { registry: host, location } }
  }

  /** The path of a request. A URL that the registry made may repeat a secret, so it is scrubbed. */
  describe(url: string | URL): string {
    const path = describePath(url)
    return url instanceof URL ? this.secrets.scrub(path) : path
  }

  #report({ method, path }: Asked, status: number): void {
    const { host, side } = this.#options
    this.#context.emit({ type: 'request', side, host, method, path, status })
  }
}

/** Whether the owner of a request has another way to go on after such an error. Then it does not tell that the host is overloaded. */
function isExpected({ patience }: ApiRequest, code: ErrorCode): boolean {
  return patience?.[code] !== undefined
}

/** Whether an answer, or its absence, is that of the server that was meant, so that no other address is tried. */
function isRightAddress(
  first: PromiseSettledResult<ApiResponse>,
  { expect }: ApiRequest,
  signal: AbortSignal,
): boolean {
  if (first.status === 'rejected') return signal.aborted || !NO_SERVER.has(toGpregError(first.reason).code)
  return expect.includes(first.value.status) || !NOT_HERE.has(first.value.status)
}

function unwrap<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}
