import { Agent } from 'node:https'
import { parseRetryAfter } from '@gpreg/oci'
import type {
  PipelinePolicy,
  PipelineRequest,
  PipelineResponse,
  SendRequest,
} from '@azure/core-rest-pipeline'
import { failureIn, failureOf, PassingFailure, type Failure } from './failure.ts'

/** The SDK has no time-out; in milliseconds. */
const PATIENCE = 60_000
const STALLED: Failure = { code: 'ETIMEDOUT', message: 'no answer for a minute' }

/** Pipelines of the SDK without anything that sends again. */
export const PLAIN = {
  // Tries again are core's, which announces them and obeys an abort.
  retryOptions: { maxRetries: 0 },
  // What carries a token goes nowhere else with it.
  redirectOptions: { maxRetries: 0 },
}

type ClientOptions = typeof PLAIN & {
  readonly additionalPolicies: { policy: PipelinePolicy; position: 'perRetry' }[]
}

/** How requests travel, to ARM, to Entra and to registries alike. */
export class Line implements PipelinePolicy {
  readonly name = 'gpreg'
  readonly #agent: Agent
  /** The last failure that passes. */
  failure: PassingFailure | undefined

  /** @param ca PEM of authorities to trust instead of the usual ones */
  constructor(ca: readonly string[] | undefined) {
    // The SDK's own proxies take no authorities; Node's do.
    this.#agent = new Agent({ keepAlive: true, proxyEnv: process.env, ...(ca ? { ca: [...ca] } : {}) })
  }

  /** For clients of the SDK. */
  get options(): ClientOptions {
    return { ...PLAIN, additionalPolicies: [{ policy: this, position: 'perRetry' }] }
  }

  async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
    if (request.url.startsWith('https:')) request.agent = this.#agent
    request.timeout = PATIENCE
    const response = await next(request).catch((error: Error) => {
      const failure = isTimeout(error, request) ? STALLED : failureOf(error)
      throw failure === undefined ? error : this.#passing(new PassingFailure(failure))
    })
    const { status, headers, bodyAsText } = response
    if (status !== 429 && status < 500) return response
    const retryAfter = parseRetryAfter(headers.get('retry-after'), Date.now())
    throw this.#passing(new PassingFailure({ ...failureIn(status, bodyAsText), retryAfter }))
  }

  #passing(failure: PassingFailure): PassingFailure {
    this.failure = failure
    return failure
  }
}

const isTimeout = ({ name }: Error, { abortSignal }: PipelineRequest): boolean =>
  name === 'AbortError' && abortSignal?.aborted !== true
