import { randomUUID } from 'node:crypto'
import { CallLog, type CallFault } from '../calls.ts'
import type { RawAnswer } from '../raw-answer.ts'

/** A call of an API, independent of its transport (gRPC or REST). */
export interface ApiCall {
  readonly method: keyof typeof METHODS
  readonly request: ApiRequest
}

export interface ApiRequest {
  readonly name?: string
  readonly parent?: string
  readonly repositoryId?: string
  readonly repository?: Repository
}

export interface Repository {
  readonly name?: string
  readonly format: string | number
  readonly labels?: Record<string, string>
}

export interface Operation {
  readonly name: string
  done?: boolean
  response?: object
  error?: object
}

/** An error answer with a status name of https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
export class Refusal extends Error {
  readonly status: string
  readonly details: readonly object[]

  constructor(status: string, message: string, reason?: string) {
    super(message)
    this.status = status
    const type = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo' }
    this.details = reason === undefined ? [] : [{ ...type, reason, domain: 'googleapis.com', metadata: {} }]
  }
}

const FAULTS: Readonly<Record<CallFault, Refusal>> = {
  refuse: new Refusal('PERMISSION_DENIED', 'Permission denied on the resource, or it may not exist.'),
  throttle: new Refusal('RESOURCE_EXHAUSTED', 'Quota exceeded for quota metric.', 'RATE_LIMIT_EXCEEDED'),
  cut: new Refusal('UNAVAILABLE', 'The service is currently unavailable.'),
}

/** The number of the project. Answers contain the number even if the request named the project by its id. */
const NUMBER = '232342569935'
const ARTIFACT_REGISTRY = 'artifactregistry.googleapis.com'

/**
 * A fake project in memory: the parts of Service Usage and Artifact Registry that gpreg uses, with all their ways to
 * fail.
 */
export class Cloud {
  readonly enabled = new Set<string>()
  readonly repositories = new Map<string, Repository>()
  readonly log = new CallLog()
  /** Refuses a call, or ends its operation with an error, in place of the cloud; a test sets it. */
  script: (call: ApiCall) => Refusal | Operation | undefined = () => undefined
  /** Answers a call over REST in place of the cloud; a test sets it. */
  raw: (method: ApiCall['method'] | undefined) => RawAnswer | undefined = () => undefined
  hasBilling = true
  /** number of status requests before an operation is done */
  polls = 2
  /** number of calls that Artifact Registry refuses after it was enabled */
  slowness = 0
  readonly #operations = new Map<string, { polls: number; finish: () => object }>()

  handle({ method, request }: ApiCall): object {
    const subject = (request.name ?? `${request.parent}/repositories/${request.repositoryId}`)
      .split('/')
      .at(-1)
    const isWrite = !method.startsWith('Get')
    const { fault, done } = this.log.note({ name: `${method} ${subject}`, isWrite })
    if (fault === 'refuse' || fault === 'throttle') throw FAULTS[fault]
    const scripted = this.script({ method, request })
    if (scripted instanceof Refusal) throw scripted
    if (scripted !== undefined) return scripted
    try {
      const answer = METHODS[method](this, request)
      if (fault === 'cut') throw FAULTS.cut
      return answer
    } finally {
      done()
    }
  }

  begin(name: string, finish: () => object): Operation {
    this.#operations.set(name, { polls: this.polls, finish })
    return this.poll(name)
  }

  poll(name: string): Operation {
    const operation = this.#operations.get(name)
    if (operation === undefined) throw new Refusal('NOT_FOUND', `Operation ${name} not found.`)
    if (operation.polls-- > 0) return { name }
    return { name, done: true, ...operation.finish() }
  }

  /** https://cloud.google.com/service-usage/docs/troubleshoot-api-errors */
  needsArtifactRegistry(): void {
    if (this.enabled.has(ARTIFACT_REGISTRY) && this.slowness-- <= 0) return
    const message = `Artifact Registry API has not been used in project ${NUMBER} before or it is disabled.`
    throw new Refusal('PERMISSION_DENIED', message, 'SERVICE_DISABLED')
  }
}

const METHODS = {
  GetService: (cloud: Cloud, { name = '' }: ApiRequest) => serviceOf(cloud, name),

  EnableService(cloud: Cloud, { name = '' }: ApiRequest): Operation {
    const type = 'type.googleapis.com/google.api.serviceusage.v1.EnableServiceResponse'
    const response = () => ({ response: { '@type': type, service: serviceOf(cloud, name) } })
    const service = name.split('/').at(-1)!
    if (cloud.enabled.has(service))
      return { name: 'operations/noop.DONE_OPERATION', done: true, ...response() }
    return cloud.begin(`operations/acat.p2-${NUMBER}-${randomUUID()}`, () => {
      const { message, details } = NO_BILLING
      if (!cloud.hasBilling) return { error: { code: 9, message, details } }
      cloud.enabled.add(service)
      return response()
    })
  },

  GetOperation: (cloud: Cloud, { name = '' }: ApiRequest): Operation => cloud.poll(name),

  GetRepository(cloud: Cloud, { name = '' }: ApiRequest): Repository {
    cloud.needsArtifactRegistry()
    const found = cloud.repositories.get(name)
    if (found === undefined) throw new Refusal('NOT_FOUND', `Repository "${name}" not found`)
    return found
  },

  CreateRepository(cloud: Cloud, { parent, repositoryId, repository }: ApiRequest): Operation {
    cloud.needsArtifactRegistry()
    const name = `${parent}/repositories/${repositoryId}`
    if (cloud.repositories.has(name)) throw new Refusal('ALREADY_EXISTS', 'the repository already exists')
    return cloud.begin(`${parent}/operations/${randomUUID()}`, () => {
      if (cloud.repositories.has(name))
        return { error: { code: 6, message: 'the repository already exists', details: [] } }
      const made = { ...repository!, name }
      cloud.repositories.set(name, made)
      return {
        response: { '@type': 'type.googleapis.com/google.devtools.artifactregistry.v1.Repository', ...made },
      }
    })
  },

  DeleteRepository(cloud: Cloud, { name = '' }: ApiRequest): Operation {
    cloud.needsArtifactRegistry()
    if (!cloud.repositories.has(name)) throw new Refusal('NOT_FOUND', `Repository "${name}" not found`)
    return cloud.begin(`${name.replace(/\/repositories\/.*/, '')}/operations/${randomUUID()}`, () => {
      cloud.repositories.delete(name)
      return { response: { '@type': 'type.googleapis.com/google.protobuf.Empty', value: {} } }
    })
  },
}

const NO_BILLING = new Refusal(
  'FAILED_PRECONDITION',
  'Billing must be enabled for activation of service(s) to proceed.',
  'UREQ_PROJECT_BILLING_NOT_FOUND',
)

function serviceOf(cloud: Cloud, name: string) {
  const service = name.split('/').at(-1)!
  const parent = `projects/${NUMBER}`
  const state = cloud.enabled.has(service) ? 'ENABLED' : 'DISABLED'
  return { name: `${parent}/services/${service}`, parent, state, config: { name: service } }
}
