import type { Context } from '../../context.ts'
import { isGpregError, unlessAborted, type ErrorCode, type GpregError, type Side } from '../../errors.ts'
import { waitFor } from '../../once.ts'
import { joinSignals } from '../../operation.ts'
import { BRIEF, PATIENT, patienceFor, withRetry, type RetryPolicy } from '../../retry.ts'
import { Authority } from '../auth/authority.ts'
import { parseChallenges, type Challenge } from '../auth/challenge.ts'
import type { Credentials } from '../auth/credentials.ts'
import { tokenFetcher } from '../auth/token-server.ts'
import type { DocumentBounds } from './body.ts'
import { isAway } from './failure.ts'
import type { HostBudget } from './host-budget.ts'
import type { HostPause } from './host-pause.ts'
import { Outage } from './outage.ts'
import type { PullQuota } from './pull-quota.ts'
import { describePath, isStream, type ApiRequest, type ApiResponse } from './request.ts'
import type { Secrets } from './secrets.ts'
import { Transport, type TransportOptions } from './transport.ts'

export interface ClientOptions extends TransportOptions {
  readonly credentials: Credentials
}

/** How a registry wants to be spoken to. */
export interface Greeting {
  readonly scheme: 'http' | 'https'
  /** `open` if the registry asked for no credentials */
  readonly login: 'open' | 'guarded'
}

/** The whole response of a request for a small document. */
export interface Document {
  readonly response: ApiResponse
  readonly bytes: Uint8Array
}

/** Errors that the very same request may overcome a little later. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['rate-limited', 'unreachable', 'stalled', 'server-error'])

/** Statuses by which a registry refuses somebody without a login, and does not say how to log in. */
const SILENT: ReadonlySet<number> = new Set([401, 403, 404])

/** After this many failed requests in a row the host counts as down, and requests are retried only briefly. */
const MAX_DEFEATS = 3
const DEFEATS = ['unreachable', 'server-error', 'stalled'] as const

/** Speaks to one registry, for one side of a copy: authenticates, follows redirects, retries, waits when asked to. */
export class RegistryClient {
  readonly host: string
  readonly side: Side
  readonly budget: HostBudget
  /** Hosts that the user allows plain HTTP to. */
  readonly plainHttp: readonly string[]
  /** milliseconds without a byte */
  readonly stallTimeout: number
  /** The largest body of an upload that the host, or a proxy before it, is believed to take, in bytes. */
  bodyLimit = Infinity
  /** The registry refuses uploads in one request, and takes them in chunks. */
  wantsChunks = false
  /** Content that the registry tells of only when asked with GET. */
  readonly refusesHead = new Set<'manifests' | 'blobs'>()
  readonly #waitForQuota: boolean
  readonly #pause: HostPause
  readonly #context: Context
  readonly #transport: Transport
  readonly #authority: Authority
  /** Settles when the first request has been answered. */
  #first: Promise<void> | undefined
  #isFirstOver = false
  /** What the registry asks for at `/v2/`, once a response was refused without saying so. */
  #greeting: Promise<readonly Challenge[] | undefined> | undefined
  readonly #outage: Outage
  /** Requests in a row that used up all their tries. */
  #defeats = 0

  constructor(options: ClientOptions, context: Context) {
    const { host, side, budget, stallTimeout, waitForQuota, credentials } = options
    this.host = host
    this.side = side
    this.budget = budget
    this.plainHttp = options.plainHttp
    this.stallTimeout = stallTimeout
    this.#waitForQuota = waitForQuota
    this.#pause = options.pause
    this.#context = context
    this.#transport = new Transport(options, context)
    this.#outage = new Outage(host, context.elapsed)
    this.#authority = new Authority({
      host,
      side,
      credential: (repository, refused) => credentials.find(host, repository, refused),
      fetchToken: tokenFetcher(host, side, this.#transport, context),
      now: context.now,
    })
  }

  /** Requests sent so far, redirects included. */
  get requests(): number {
    return this.#transport.requests
  }

  /** What ends a call: its own signal, or the one of all registries. */
  signalOf({ signal }: Pick<ApiRequest, 'signal'>): AbortSignal {
    return joinSignals(this.#context.signal, signal)
  }

  get quota(): PullQuota {
    return this.#transport.quota
  }

  /** The secrets that the registry was sent: messages must not repeat them. */
  get secrets(): Secrets {
    return this.#transport.secrets
  }

  /** Sends a request, with retries unless its body is a stream. @throws the last error of the registry or the network */
  async request(request: ApiRequest): Promise<ApiResponse> {
    if (isStream(request.body)) return this.attempt(request)
    return this.#persist(request, () => this.attempt(request))
  }

  /** Sends a request and reads the body of its response whole. If either fails, both are tried again. */
  async document(request: ApiRequest, bounds: DocumentBounds): Promise<Document> {
    return this.#persist(request, async () => {
      const response = await this.attempt(request)
      return { response, bytes: await this.#transport.read(response, bounds, request) }
    })
  }

  /**
   * Checks that the registry is there and takes the credentials.
   * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support
   */
  async ping(): Promise<Greeting> {
    const response = await this.request({ method: 'GET', url: '', scopes: [], expect: [200] })
    await response.body.dump()
    return { scheme: this.#transport.scheme, login: this.#authority.isAsked ? 'guarded' : 'open' }
  }

  /**
   * Sends a request without retries. The very first request goes alone: its response tells which credentials the registry
   * wants, and requests beside it would only be refused, too.
   */
  async attempt(request: ApiRequest): Promise<ApiResponse> {
    this.#outage.assertNone(request.method)
    if (this.#first === undefined) {
      const first = this.secrets.guard(() => this.#sendAuthorized(request))
      const settle = () => void (this.#isFirstOver = true)
      this.#first = first.then(settle, settle)
      return first
    }
    if (!this.#isFirstOver) await waitFor(this.#first, this.signalOf(request))
    return this.secrets.guard(() => this.#sendAuthorized(request))
  }

  async #persist<T>(request: ApiRequest, work: () => Promise<T>): Promise<T> {
    const path = this.#transport.describe(request.url)
    const operation = `${request.method} ${this.host}${path.startsWith('/') ? '' : '/'}${path}`
    const policy = (error: GpregError) => this.#policy(error, request)
    try {
      const result = await withRetry(this.#context, operation, policy, work, this.signalOf(request))
      this.#defeats = 0
      return result
    } catch (error) {
      if (DEFEATS.some(code => isGpregError(error, code) && request.patience?.[code] === undefined))
        this.#defeats++
      if (!this.#transport.hasAnswered()) this.#outage.noteDown(error)
      throw error
    }
  }

  /** Retries only briefly if the host never responded (its name is probably mistyped) or failed request after request. */
  #policy(error: GpregError, request: ApiRequest): RetryPolicy | undefined {
    if (!TRANSIENT.has(error.code)) return undefined
    // The pause of the host decides how long it waits.
    const longestWait = Infinity
    const own = request.outlastsRestart && isAway(error) ? undefined : request.patience?.[error.code]
    if (own !== undefined) return { ...own, longestWait }
    if (error.code === 'rate-limited' && this.#waitForQuota && this.quota.left === 0)
      return { ...PATIENT, attempts: Infinity, longestWait }
    const neverAnswered = error.code === 'unreachable' && !this.#transport.hasAnswered(error.subject.host)
    const patience = neverAnswered || this.#defeats >= MAX_DEFEATS ? BRIEF : patienceFor(error)
    return { ...patience, longestWait }
  }

  /** Sends with the credentials known so far; after a 401 once more, with the credentials that the challenge asks for. */
  async #sendAuthorized(request: ApiRequest): Promise<ApiResponse> {
    const transport = this.#transport
    const signal = this.signalOf(request)
    const base = transport.base ?? (await waitFor(transport.endpoint(), signal))
    const url = transport.urlOf(request.url, base)
    if (this.#pause.isAsked) await this.#pause.gate(signal)
    if (this.quota.isUsedUp && request.method === 'GET' && describePath(request.url).includes('/manifests/'))
      await waitFor(this.quota.ration(), signal)
    const wantsLogin = this.#authority.isAsked && transport.isOwn(url)
    const authorization = wantsLogin ? await this.#authority.header(request.scopes, signal) : undefined
    let used = authorization
    let response = await transport.sendFollowing(request, url, authorization, signal)
    const challenges = await this.#challengesOf(response, request, authorization)
    if (challenges !== undefined) {
      const renewal = this.#authority.renew(challenges, request.scopes, authorization, signal)
      renewal.catch(() => response.body.destroy())
      const renewed = await renewal
      if (renewed !== undefined) {
        await response.body.dump()
        used = renewed
        response = await transport.sendFollowing(request, transport.urlOf(request.url, base), renewed, signal)
      }
    }
    if (!request.expect.includes(response.status)) {
      const hadLogin = used !== undefined && (await this.#authority.hasLogin(request.scopes))
      throw this.#outage.noteFull(await transport.failure(response, request, { hadLogin }))
    }
    this.#outage.noteSuccess(request.method)
    if (transport.isOwn(response.url)) this.#authority.accept(used)
    return response
  }

  /** The challenges after which a request is sent once more, with other credentials; undefined if its response stands. */
  async #challengesOf(
    response: ApiResponse,
    request: ApiRequest,
    used: string | undefined,
  ): Promise<readonly Challenge[] | undefined> {
    const { status } = response
    if (!this.#transport.isOwn(response.url)) return undefined
    const challenges = status === 401 ? parseChallenges(response.header('www-authenticate')) : []
    if (!this.#authority.isAsked && challenges.length === 0 && SILENT.has(status)) {
      this.#greeting ??= this.#askForChallenges(request)
      return this.#greeting
    }
    return status === 401 || (status === 403 && this.#authority.mayHaveEnded(used)) ? challenges : undefined
  }

  /** The challenges of the registry's front door, if there is a login to answer them with. */
  async #askForChallenges({ scopes }: ApiRequest): Promise<readonly Challenge[] | undefined> {
    const transport = this.#transport
    try {
      if (!(await this.#authority.hasLogin(scopes))) return undefined
      const ping = { method: 'GET', url: '', scopes: [], expect: [200] } as const
      const url = await transport.endpoint()
      const response = await transport.sendFollowing(ping, url, undefined, this.#context.signal)
      await response.body.dump()
      if (response.status !== 401 || !transport.isOwn(response.url)) return undefined
      const told = response.header('www-authenticate')
      return told === undefined ? [{ scheme: 'basic' }] : parseChallenges(told)
    } catch (thrown) {
      // Nobody asked for this, so the response to the request itself stands.
      unlessAborted(thrown)
      return undefined
    }
  }
}
