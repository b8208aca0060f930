import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { parseRetryAfter, unifyProxies } from '@gpreg/oci/engine'
import type {
  PipelinePolicy,
  PipelineRequest,
  PipelineResponse,
  SendRequest,
} from '@azure/core-rest-pipeline'
import { failureIn, failureOf, TransportFailure, type Failure } from './failure.ts'

/** In milliseconds: the SDK itself has no time-out. */
const REQUEST_TIMEOUT = 60_000
const STALLED: Failure = { code: 'ETIMEDOUT', message: 'no answer for a minute' }

/** Options for a pipeline of the SDK that sends each request once. */
export const PLAIN = {
  // core retries: it announces each retry and obeys an abort.
  retryOptions: { maxRetries: 0 },
  // A redirect would carry the token to another host.
  redirectOptions: { maxRetries: 0 },
}

type ClientOptions = typeof PLAIN & {
  readonly additionalPolicies: { policy: PipelinePolicy; position: 'perRetry' }[]
}

/** Sends the SDK's requests to ARM, to Entra and to registries: with proxies, authorities and a time-out. */
export class Transport implements PipelinePolicy {
  readonly name = 'gpreg'
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent }
  /** the last temporary failure */
  failure: TransportFailure | undefined

  /**
   * @param ca PEM of authorities to trust in place of the usual ones
   * @throws `usage` for a proxy that cannot be used
   */
  constructor(ca: readonly string[] | undefined) {
    unifyProxies(process.env)
    const options = { keepAlive: true, proxyEnv: process.env }
    // The SDK's own proxy support cannot be given authorities, and takes HTTPS_PROXY for plain HTTP, too. Node's is as Go's.
    this.#agents = {
      http: new HttpAgent(options),
      https: new HttpsAgent({ ...options, ...(ca ? { ca: [...ca] } : {}) }),
    }
  }

  /** Options for clients of the SDK. */
  get options(): ClientOptions {
    return { ...PLAIN, additionalPolicies: [{ policy: this, position: 'perRetry' }] }
  }

  async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
    request.agent = request.url.startsWith('https:') ? this.#agents.https : this.#agents.http
    request.timeout = REQUEST_TIMEOUT
    const response = await next(request).catch((error: Error) => {
      const failure = isTimeout(error, request) ? STALLED : failureOf(error)
      throw failure === undefined ? error : this.#passing(new TransportFailure(failure))
    })
    const { status, headers, bodyAsText } = response
    if (status !== 429 && status < 500) return response
    const retryAfter = parseRetryAfter(headers.get('retry-after'), Date.now())
    throw this.#passing(new TransportFailure({ ...failureIn(status, bodyAsText), retryAfter }))
  }

  #passing(failure: TransportFailure): TransportFailure {
    this.failure = failure
    return failure
  }
}

const isTimeout = ({ name }: Error, { abortSignal }: PipelineRequest): boolean =>
  name === 'AbortError' && abortSignal?.aborted !== true
