import { isRecord } from '@gpreg/oci/engine'
import { GpregError } from '@gpreg/oci'
import type { Context } from '@gpreg/core'
import { call } from '../api/call.ts'
import type { Manager } from '../api/clients.ts'

/** A registry as Azure Resource Manager names it. */
export interface RegistryPlace {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
}

/** https://learn.microsoft.com/rest/api/resources/subscriptions/list */
const SUBSCRIPTIONS = 'subscriptions?api-version=2022-12-01'

/**
 * Finds a registry by its login server, since nothing in it names the subscription or the resource group.
 * @param only the one subscription to look in; default all that the login can see
 * @throws `not-found` if none of them has it
 */
export async function findByServer(
  host: string,
  manager: Manager,
  only: string | undefined,
  context: Context,
): Promise<RegistryPlace> {
  const subscriptions = only === undefined ? await listSubscriptions(manager, context) : [only]
  for (const subscriptionId of subscriptions) {
    const about = { resource: `acr:registry/${host}`, permission: PERMISSION, subscriptionId }
    const all = await call(context, about, options =>
      Array.fromAsync(manager.registriesOf(subscriptionId).list(options)),
    )
    const found = all.find(({ loginServer = '' }) => loginServer.toLowerCase() === host)
    const { group, name } = ID.exec(found?.id ?? '')?.groups ?? {}
    if (group && name) return { subscriptionId, resourceGroup: group, name }
  }
  throw new GpregError('not-found', `no subscription of this login has the registry ${host}`, {
    resource: `acr:registry/${host}`,
    hint: `looked in ${subscriptions.join(', ') || 'no subscription'}: log in with az login as somebody who may read the registry, or name its subscription in AZURE_SUBSCRIPTION_ID`,
  })
}

const PERMISSION = 'Microsoft.ContainerRegistry/registries/read'

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules: ids do not tell capital letters apart */
const ID =
  /\/resourceGroups\/(?<group>[^/]+)\/providers\/Microsoft\.ContainerRegistry\/registries\/(?<name>[^/]+)$/i

async function listSubscriptions(manager: Manager, context: Context): Promise<string[]> {
  const about = { resource: 'arm:subscriptions', permission: 'Microsoft.Resources/subscriptions/read' }
  const found: string[] = []
  for (let url: string | undefined = `${manager.origin}/${SUBSCRIPTIONS}`; url !== undefined;) {
    const address: string = url
    const page = await call(context, about, ({ abortSignal }) => manager.read(address, abortSignal))
    const { value, nextLink } = isRecord(page) ? page : {}
    for (const one of Array.isArray(value) ? value : [])
      if (isRecord(one) && typeof one['subscriptionId'] === 'string') found.push(one['subscriptionId'])
    url = typeof nextLink === 'string' && nextLink !== '' ? nextLink : undefined
  }
  return found
}
