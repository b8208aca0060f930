import { SUBSCRIPTION, type AcrRegistry, type AzureSubscription, type RegistryInput } from './subscription.ts'
import type { ImageImportInput } from './image-imports.ts'

export interface Answer {
  readonly status: number
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

export interface ArmRequest {
  readonly subscription: AzureSubscription
  readonly group: string
  readonly name: string
  readonly input: RegistryInput & ImageImportInput & { readonly name?: string }
  /** https://host */
  readonly origin: string
  /** the token of a page of a list that is not the first one */
  readonly page: string | undefined
}

export type Action = (request: ArmRequest) => Answer
export type Route = readonly [verb: string, path: RegExp, name: string, action: Action]

export const VERSION = 'api-version=2025-11-01'
/** https://learn.microsoft.com/rest/api/resources/subscriptions/list */
export const SUBSCRIPTIONS_VERSION = 'api-version=2022-12-01'
const OTHER_SUBSCRIPTION = '00000000-0000-4000-8000-00000000ffff'
/** The pause that the fake asks for while an image is imported, in milliseconds. */
export const IMPORT_PAUSE = 1_000
const PROVIDER = '/providers/Microsoft.ContainerRegistry'
const OF_GROUP = `^/subscriptions/${SUBSCRIPTION}/resourceGroups/(?<group>[^/]+)${PROVIDER}/registries`
const ONE = `${OF_GROUP}/(?<name>[^/]+)`
const STATUS = `^/subscriptions/${SUBSCRIPTION}${PROVIDER}/locations/[^/]+/operation(?:Statuses|Results)/(?<name>[^/]+)$`

/** https://github.com/Azure/azure-rest-api-specs/tree/main/specification/containerregistry/resource-manager/Microsoft.ContainerRegistry, 2025-11-01 */
export const ROUTES: readonly Route[] = [
  ['POST', new RegExp(`^/subscriptions/${SUBSCRIPTION}${PROVIDER}/checkNameAvailability$`), 'check', check],
  ['GET', new RegExp(`${OF_GROUP}$`), 'list', list],
  ['GET', new RegExp(`${ONE}$`), 'get', get],
  ['PUT', new RegExp(`${ONE}$`), 'create', create],
  ['PATCH', new RegExp(`${ONE}$`), 'update', update],
  ['DELETE', new RegExp(`${ONE}$`), 'delete', remove],
  ['POST', new RegExp(`${ONE}/listCredentials$`), 'listCredentials', listCredentials],
  ['POST', new RegExp(`${ONE}/regenerateCredential$`), 'regenerate', regenerate],
  ['POST', new RegExp(`${ONE}/importImage$`), 'import', importImage],
  ['GET', new RegExp(STATUS), 'operation', operation],
  ['GET', /^\/subscriptions$/, 'subscriptions', subscriptions],
  ['GET', new RegExp(`^/subscriptions/(?<group>[^/]+)${PROVIDER}/registries$`), 'listAll', listAll],
]

export const READS: ReadonlySet<string> = new Set([
  ...['check', 'list', 'get', 'listCredentials', 'operation', 'subscriptions', 'listAll'],
])

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

/** Two pages: the registries of a group are on the second one. */
function subscriptions({ origin, page }: ArmRequest): Answer {
  const one = (subscriptionId: string) => ({
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    state: 'Enabled',
  })
  const nextLink = `${origin}/subscriptions?${SUBSCRIPTIONS_VERSION}&%24skiptoken=2`
  if (page === undefined) return { status: 200, body: { value: [one(OTHER_SUBSCRIPTION)], nextLink } }
  return { status: 200, body: { value: [one(SUBSCRIPTION)] } }
}

function listAll({ subscription, group: id }: ArmRequest): Answer {
  const all = id === SUBSCRIPTION ? [...subscription.registries.values()] : []
  return { status: 200, body: { value: all.map(one => describe(one, subscription)) } }
}

function importImage({ subscription, group, name, input, origin }: ArmRequest): Answer {
  const registry = subscription.existing(group, name)
  return importing(origin, registry.location, subscription.imports.begin(input))
}

const importing = (origin: string, location: string, id: string): Answer => ({
  status: 202,
  headers: {
    location: `${origin}/subscriptions/${SUBSCRIPTION}${PROVIDER}/locations/${location}/operationResults/${id}?${VERSION}`,
    'retry-after': String(IMPORT_PAUSE / 1000),
  },
})

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
function operation({ subscription, name: id, origin }: ArmRequest): Answer {
  if (subscription.imports.has(id))
    return subscription.imports.poll(id) ? importing(origin, 'westeurope', id) : { status: 200 }
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
