import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Certificates } from '@gpreg/oci/testing'
import { startHttpsServer, type HttpsServer } from './https-server.ts'
import { ApiError } from '../api-error.ts'
import { SUBSCRIPTION, type AcrRegistry, type AzureSubscription, type RegistryInput } from './subscription.ts'
import type { TokenIssuer } from './tokens.ts'

export interface ArmOptions {
  readonly certificates: Certificates
  readonly tokens: TokenIssuer
  readonly subscription: AzureSubscription
}

interface Answer {
  readonly status: number
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

interface ArmRequest {
  readonly subscription: AzureSubscription
  readonly group: string
  readonly name: string
  readonly input: RegistryInput & { readonly name?: string }
  /** https://host */
  readonly origin: string
}

type Action = (request: ArmRequest) => Answer
type Route = readonly [verb: string, path: RegExp, name: string, action: Action]

const VERSION = 'api-version=2025-11-01'
const PROVIDER = '/providers/Microsoft.ContainerRegistry'
const OF_GROUP = `^/subscriptions/${SUBSCRIPTION}/resourceGroups/(?<group>[^/]+)${PROVIDER}/registries`
const ONE = `${OF_GROUP}/(?<name>[^/]+)`
const STATUS = `^/subscriptions/${SUBSCRIPTION}${PROVIDER}/locations/[^/]+/operation(?:Statuses|Results)/(?<name>[^/]+)$`

/** https://github.com/Azure/azure-rest-api-specs/tree/main/specification/containerregistry/resource-manager/Microsoft.ContainerRegistry, 2025-11-01 */
const ROUTES: readonly Route[] = [
  ['POST', new RegExp(`^/subscriptions/${SUBSCRIPTION}${PROVIDER}/checkNameAvailability$`), 'check', check],
  ['GET', new RegExp(`${OF_GROUP}$`), 'list', list],
  ['GET', new RegExp(`${ONE}$`), 'get', get],
  ['PUT', new RegExp(`${ONE}$`), 'create', create],
  ['PATCH', new RegExp(`${ONE}$`), 'update', update],
  ['DELETE', new RegExp(`${ONE}$`), 'delete', remove],
  ['POST', new RegExp(`${ONE}/listCredentials$`), 'listCredentials', listCredentials],
  ['POST', new RegExp(`${ONE}/regenerateCredential$`), 'regenerate', regenerate],
  ['GET', new RegExp(STATUS), 'operation', operation],
]

const READS: ReadonlySet<string> = new Set(['check', 'list', 'get', 'listCredentials', 'operation'])

/**
 * Starts a fake Azure Resource Manager with the API of Container Registry. It logs every call and injects the faults that
 * the log is told to inject.
 */
export function startArmServer({ certificates, tokens, subscription }: ArmOptions): Promise<HttpsServer> {
  const answerTo = async (request: IncomingMessage, action: Action, groups: Record<string, string>) => {
    const origin = `https://${request.headers.host}`
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    if (tokens.read(token)?.aud !== origin)
      throw new ApiError(401, 'InvalidAuthenticationToken', 'The access token is invalid.')
    const hasBody = Number(request.headers['content-length'] ?? 0) > 0
    const input = hasBody ? ((await json(request)) as RegistryInput) : {}
    const { group = '', name = '' } = groups
    return action({ subscription, group, name, input, origin })
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url!, 'https://arm')
    const [route, groups] = routeOf(request.method!, url.pathname)
    const name = route?.[2] ?? `${request.method} ${url.pathname}`
    const { fault, done } = subscription.log.note({ name, isWrite: !READS.has(name) })
    const work = async (): Promise<Answer> => {
      if (fault === 'refuse') throw unauthorized(name)
      if (fault === 'throttle') throw new ApiError(429, 'TooManyRequests', 'The request is being throttled.')
      if (url.search !== `?${VERSION}`) throw new ApiError(400, 'InvalidApiVersionParameter', url.search)
      if (route === undefined) throw new ApiError(404, 'NotFound', `${name} is no call of ARM`)
      return answerTo(request, route[3], groups)
    }
    const { status, body, headers } = await work().catch(refusalAnswer)
    done()
    if (fault === 'cut') return void response.destroy()
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }
  return startHttpsServer(certificates, (request, response) => void serve(request, response))
}

function routeOf(method: string, path: string): [Route | undefined, Record<string, string>] {
  for (const route of ROUTES) {
    const match = route[0] === method ? route[1].exec(path) : null
    if (match !== null) return [route, match.groups ?? {}]
  }
  return [undefined, {}]
}

function refusalAnswer(error: unknown): Answer {
  const refusal = error instanceof ApiError ? error : new ApiError(500, 'InternalServerError', String(error))
  const headers = refusal.status === 429 ? { 'retry-after': '7' } : {}
  const { status, code, message } = refusal
  return { status, body: { error: { code, message } }, headers }
}

const unauthorized = (name: string) =>
  new ApiError(
    403,
    'AuthorizationFailed',
    `The client 'gpreg' with object id '1' does not have authorization to perform action '${name}' over scope '/subscriptions/${SUBSCRIPTION}' or the scope is invalid.`,
  )

function check({ subscription, input: { name = '' } }: ArmRequest): Answer {
  if (!subscription.isTaken(name)) return { status: 200, body: { nameAvailable: true } }
  const message = `The registry ${name} is already in use.`
  return { status: 200, body: { nameAvailable: false, reason: 'AlreadyExists', message } }
}

function list({ subscription, group }: ArmRequest): Answer {
  subscription.assertGroup(group)
  const all = [...subscription.registries.values()].filter(one => one.group === group)
  const listed = subscription.isSlowToList ? [] : all
  return { status: 200, body: { value: listed.map(one => describe(one, subscription)) } }
}

function get({ subscription, group, name }: ArmRequest): Answer {
  return { status: 200, body: describe(subscription.existing(group, name), subscription) }
}

function create({ subscription, group, name, input, origin }: ArmRequest): Answer {
  const registry = subscription.put(group, name, input)
  return { status: 201, body: describe(registry, subscription), headers: asyncOperation(origin, registry) }
}

function update({ subscription, group, name, input, origin }: ArmRequest): Answer {
  const registry = subscription.existing(group, name)
  subscription.update(registry, input)
  return { status: 201, body: describe(registry, subscription), headers: asyncOperation(origin, registry) }
}

function remove({ subscription, group, name, origin }: ArmRequest): Answer {
  const registry = subscription.existing(group, name)
  subscription.remove(registry)
  return { status: 202, headers: { location: operationUrl(origin, registry, 'Results') } }
}

function listCredentials({ subscription, group, name }: ArmRequest): Answer {
  return { status: 200, body: subscription.credentials(subscription.existing(group, name)) }
}

function regenerate({ subscription, group, name, input }: ArmRequest): Answer {
  const registry = subscription.existing(group, name)
  subscription.regenerate(registry, input.name ?? '')
  return { status: 200, body: subscription.credentials(registry) }
}

/** https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/async-api-reference.md */
function operation({ subscription, name: id }: ArmRequest): Answer {
  const name = id.replace('registries-', '')
  const going = subscription.poll(name)
  const registry = subscription.registries.get(name)
  if (registry?.state === 'Failed') {
    const error = { code: 'StorageAccountFailure', message: 'The storage of the registry could not be made.' }
    return { status: 200, body: { id, name: id, status: 'Failed', error } }
  }
  if (going && registry?.state === 'Deleting') return { status: 202 }
  return { status: 200, body: { id, name: id, status: going ? registry?.state : 'Succeeded' } }
}

const operationUrl = (origin: string, { name, location }: AcrRegistry, kind: string) =>
  `${origin}/subscriptions/${SUBSCRIPTION}${PROVIDER}/locations/${location}/operation${kind}/registries-${name}?${VERSION}`

const asyncOperation = (origin: string, registry: AcrRegistry) => ({
  'azure-asyncoperation': operationUrl(origin, registry, 'Statuses'),
})

function describe(registry: AcrRegistry, subscription: AzureSubscription): object {
  const { name, group, location, tags, sku, adminUserEnabled, state, created } = registry
  return {
    id: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}${PROVIDER}/registries/${name}`,
    name,
    type: 'Microsoft.ContainerRegistry/registries',
    location,
    tags,
    sku: { name: sku, tier: sku },
    properties: {
      loginServer: subscription.loginServer(registry),
      creationDate: created,
      provisioningState: state,
      adminUserEnabled,
      policies: {
        retentionPolicy: { days: 7, lastUpdatedTime: created, status: 'disabled' },
        azureADAuthenticationAsArmPolicy: { status: 'enabled' },
      },
      status: null,
      dataEndpointEnabled: false,
      dataEndpointHostNames: [],
      publicNetworkAccess: 'Enabled',
      anonymousPullEnabled: false,
    },
  }
}
