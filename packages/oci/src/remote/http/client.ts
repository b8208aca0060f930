import type { Context } from '../../context.ts'
import { isGpregError, type ErrorCode, type GpregError, type Side } from '../../errors.ts'
import { BRIEF, PATIENT, patienceFor, withRetry, type RetryPolicy } from '../../retry.ts'
import { assertRealm, Authority } from '../auth/authority.ts'
import { readDocument, readStart, type DocumentBounds } from './body.ts'
import { parseChallenges } from '../auth/challenge.ts'
import type { Connections } from './connections.ts'
import type { Credentials } from '../auth/credentials.ts'
import { findEndpoint } from './endpoint.ts'
import { describeTarget, exchange, isStream, type ApiRequest, type ApiResponse } from './exchange.ts'
import { networkError, responseError, type Asked } from './failure.ts'
import type { HostBudget } from './host-budget.ts'
import { followRedirect } from './location.ts'
import { PullQuota } from './pull-quota.ts'
import { Secrets } from './secrets.ts'
import { parseToken, tokenRequest, type Token } from '../auth/token.ts'

export interface ClientOptions {
  readonly host: string
  readonly side: Side
  readonly plainHttp: readonly string[]
  readonly connections: Connections
  /** shared by both sides */
  readonly budget: HostBudget
  /** The credentials for a registry that is spoken to at this URL: not all may go over plain HTTP. */
  readonly credentials: (base: URL) => Credentials
  /** Waits where the host has no pulls left, rather than failing. */
  readonly waitForQuota: boolean
  /** milliseconds without a byte */
  readonly stallTimeout: number
}

/** How a registry wants to be spoken to. */
export interface Greeting {
  readonly scheme: 'http' | 'https'
  /** `open` where it asked for no credentials */
  readonly login: 'open' | 'guarded'
}

/** A document may take so many times the stall time-out. */
const DOCUMENT_PATIENCE = 5

const TOKEN_BOUNDS: DocumentBounds = { limit: 1024 * 1024, code: 'protocol' }

/** What the very same request may overcome a little later. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['rate-limited', 'unreachable', 'stalled', 'server-error'])

const MAX_DEFEATS = 3
const DEFEATS = ['unreachable', 'server-error', 'stalled'] as const

/** Speaks to one registry, for one side of a copy: authenticates, follows redirects, retries, waits when asked to. */
export class RegistryClient {
  readonly host: string
  readonly side: Side
  readonly budget: HostBudget
  requests = 0
  /** The largest body of an upload that the host, or a proxy before it, is believed to take, in bytes. */
  bodyLimit = Infinity
  readonly quota: PullQuota
  /** What the registry has been sent in secret, and must not be let say. */
  readonly secrets = new Secrets()
  readonly #options: ClientOptions
  readonly #context: Context
  readonly #authority: Authority
  #credentials: Credentials | undefined
  #endpoint: Promise<URL> | undefined
  /** The base URL, once it is known. */
  #own: URL | undefined
  /** Settles when the first exchange is over. */
  #first: Promise<void> | undefined
  /** requests in a row that used up all their tries */
  #defeats = 0
  #answered = false

  constructor(options: ClientOptions, context: Context) {
    this.host = options.host
    this.side = options.side
    this.budget = options.budget
    this.quota = new PullQuota({ ...options, wait: options.waitForQuota }, context)
    this.#options = options
    this.#context = context
    this.#authority = new Authority({
      host: options.host,
      side: options.side,
      credential: async (repository, refused) => {
        this.#credentials ??= options.credentials(await this.#base())
        return this.#credentials.find(options.host, repository, refused)
      },
      fetchToken: (...args) => this.#fetchToken(...args),
      now: context.now,
    })
  }

  /** @throws what the registry or the network said, after all retries */
  async request(request: ApiRequest): Promise<ApiResponse> {
    if (isStream(request.body)) return this.#once(request)
    return this.#persist(request, () => this.#once(request))
  }

  /** One try, for what can be done another way. @throws what went wrong, as it is */
  attempt(request: ApiRequest): Promise<ApiResponse> {
    return this.#once(request)
  }

  /** A request with the body of its answer, read whole: where either breaks, both are tried again. */
  async document(
    request: ApiRequest,
    bounds: DocumentBounds,
  ): Promise<{ readonly response: ApiResponse; readonly bytes: Uint8Array }> {
    return this.#persist(request, async () => {
      const response = await this.#once(request)
      return { response, bytes: await this.#read(response, bounds, request) }
    })
  }

  #read(response: ApiResponse, bounds: DocumentBounds, request: ApiRequest): Promise<Uint8Array> {
    const patience = DOCUMENT_PATIENCE * this.#options.stallTimeout
    return readDocument(response, bounds, this.#asked(request), patience)
  }

  async #persist<T>(request: ApiRequest, work: () => Promise<T>): Promise<T> {
    const operation = `${request.method} ${this.host}/${this.#describe(request.target)}`
    try {
      const result = await withRetry(
        this.#context,
        operation,
        error => this.#policy(error),
        work,
        request.signal,
      )
      this.#defeats = 0
      return result
    } catch (error) {
      if (DEFEATS.some(code => isGpregError(error, code))) this.#defeats++
      throw error
    }
  }

  /** Asks for nothing but an answer. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support */
  async ping(): Promise<Greeting> {
    const response = await this.request({ method: 'GET', target: '', scopes: [], expect: [200] })
    await response.body.dump()
    const scheme = this.#own?.protocol === 'http:' ? 'http' : 'https'
    return { scheme, login: this.#authority.isAsked ? 'guarded' : 'open' }
  }

  /** A host that never answered is more likely mistyped than restarting, and one that failed request after request is down. */
  #policy(error: GpregError): RetryPolicy | undefined {
    if (!TRANSIENT.has(error.code)) return undefined
    if (error.code === 'rate-limited' && this.#options.waitForQuota && this.quota.left === 0)
      return { ...PATIENT, attempts: Infinity }
    const hopeless = (error.code === 'unreachable' && !this.#answered) || this.#defeats >= MAX_DEFEATS
    return hopeless ? BRIEF : patienceFor(error)
  }

  /**
   * The first exchange goes alone: it teaches how the registry wants to be spoken to, and what starts meanwhile would only be
   * refused as well.
   */
  async #once(request: ApiRequest): Promise<ApiResponse> {
    if (this.#first === undefined) {
      const first = this.secrets.guard(() => this.#authorised(request))
      this.#first = first.then(
        () => {},
        () => {},
      )
      return first
    }
    await this.#first
    return this.secrets.guard(() => this.#authorised(request))
  }

  /** Sends with what is known of the registry's authentication, once more where it asks for other credentials. */
  async #authorised(request: ApiRequest): Promise<ApiResponse> {
    const signal = request.signal ?? this.#context.signal
    const url = await this.#urlOf(request.target)
    await this.budget.gate(this.#context, signal)
    if (request.method === 'GET' && describeTarget(request.target).includes('/manifests/'))
      await this.quota.ration()
    const authorization = this.#isOwn(url) ? await this.#authority.header(request.scopes) : undefined
    let used = authorization
    let response = await this.#exchange(request, url, authorization, signal)
    const mayHaveEnded = response.status === 403 && this.#authority.mayHaveEnded(authorization)
    if ((response.status === 401 || mayHaveEnded) && this.#isOwn(response.url)) {
      const renewed = await this.#authority.renew(
        parseChallenges(response.header('www-authenticate')),
        request.scopes,
        authorization,
      )
      if (renewed !== undefined && isStream(request.body)) throw await this.#failure(response, request, true)
      if (renewed !== undefined) {
        await response.body.dump()
        used = renewed
        response = await this.#exchange(request, url, renewed, signal)
      }
    }
    if (!request.expect.includes(response.status)) throw await this.#failure(response, request)
    if (this.#isOwn(response.url)) this.#authority.accept(used)
    return response
  }

  /** One request and the redirects that follow it. Credentials stay with the host they are for. */
  async #exchange(
    request: ApiRequest,
    url: URL,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    let response = await this.#send(request, url, authorization, signal)
    if (request.method !== 'GET' && request.method !== 'HEAD') return response
    for (let hops = 0; response.status >= 300 && response.status < 400 && response.status !== 304; hops++) {
      const next = followRedirect(response.url, response.header('location'), hops, this.#asked(request))
      await response.body.dump()
      response = await this.#send(request, next, this.#isOwn(next) ? authorization : undefined, signal)
    }
    return response
  }

  async #send(
    request: ApiRequest,
    url: URL,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    this.requests++
    if (authorization !== undefined) this.secrets.learnHeader(authorization)
    const dispatcher = this.#options.connections.to(this.#isOwn(url) ? this.host : url.host)
    try {
      const response = await exchange(request, { url, dispatcher, authorization, signal })
      this.#answered = true
      this.#report(request, response.status)
      if (response.status === 429 || response.status >= 500) this.budget.slowDown()
      this.quota.note(response.header('ratelimit-remaining'))
      return response
    } catch (thrown) {
      this.#report(request, 0)
      const error = networkError(thrown, this.#asked(request))
      if (error.code === 'stalled') this.budget.slowDown()
      throw error
    }
  }

  async #failure(response: ApiResponse, request: ApiRequest, retryable?: boolean): Promise<GpregError> {
    const text = await readStart(response.body)
    const scrub = (said: string) => this.secrets.scrub(said)
    const answer = { status: response.status, header: response.header, text, scrub }
    const error = responseError(answer, this.#asked(request), this.#context.now())
    if (error.retryAfter !== undefined) this.budget.pauseFor(error.retryAfter)
    return retryable === undefined ? error : error.with({ retryable })
  }

  async #fetchToken(...[challenge, scopes, credential]: Parameters<AuthorityFetch>): Promise<Token> {
    for (const secret of [credential?.password, credential?.identityToken])
      if (secret) this.secrets.learn(secret)
    await assertRealm(challenge.realm, await this.#base(), this.side, said => this.secrets.scrub(said))
    const { method, url, headers, body } = tokenRequest(challenge, scopes, credential)
    if (headers['authorization'] !== undefined) this.secrets.learnHeader(headers['authorization'])
    const request: ApiRequest = {
      method,
      target: url,
      scopes: [],
      expect: [200],
      headers,
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    }
    return withRetry(this.#context, `token for ${this.host}`, PATIENT, async () => {
      const response = await this.#send(request, url, undefined, this.#context.signal)
      if (response.status !== 200) throw await this.#failure(response, request)
      const bytes = await this.#read(response, TOKEN_BOUNDS, request)
      const token = parseToken(Buffer.from(bytes).toString('utf8'), this.#context.now(), this.host, this.side)
      for (const secret of [token.value, token.refreshToken]) if (secret) this.secrets.learn(secret)
      return token
    })
  }

  async #urlOf(target: string | URL): Promise<URL> {
    return target instanceof URL ? target : new URL(target, await this.#base())
  }

  #base(): Promise<URL> {
    return (this.#endpoint ??= findEndpoint(this.host, this.#options.plainHttp).then(
      url => (this.#own = url),
    ))
  }

  /** Whether a URL is the registry itself: same scheme, host and port. */
  #isOwn(url: URL): boolean {
    return this.#own !== undefined && url.origin === this.#own.origin
  }

  #asked({ method, target }: ApiRequest): Asked {
    return { method, path: this.#describe(target), host: this.host, side: this.side }
  }

  /** A URL that the registry made may hold anything. */
  #describe(target: string | URL): string {
    const path = describeTarget(target)
    return target instanceof URL ? this.secrets.scrub(path) : path
  }

  #report({ method, target }: ApiRequest, status: number): void {
    this.#context.emit({
      type: 'request',
      side: this.side,
      host: this.host,
      method,
      path: this.#describe(target),
      status,
    })
  }
}

type AuthorityFetch = ConstructorParameters<typeof Authority>[0]['fetchToken']
