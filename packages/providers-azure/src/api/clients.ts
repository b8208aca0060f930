import type { RegistriesOperations } from '@azure/arm-containerregistry'
import { GpregError } from '@gpreg/oci'
import { CLOUDS, type AzureCloud } from './clouds.ts'

/** The used part of the client of Container Registry. */
export type RegistryApi = Pick<
  RegistriesOperations,
  | 'get'
  | 'listByResourceGroup'
  | 'checkNameAvailability'
  | 'create'
  | 'update'
  | 'delete'
  | 'listCredentials'
  | 'regenerateCredential'
>

/** The clients of the SDK. A test or an application can give its own. */
export interface AzureClients {
  readonly registries: RegistryApi
}

export interface AzureClientOptions {
  readonly subscriptionId: string
  /** default: public */
  readonly cloud?: AzureCloud
  /** URL of a private Azure Resource Manager, such as Azure Stack's; default: that of the cloud */
  readonly resourceManager?: string
  /** PEM of all authorities to trust, the usual ones included */
  readonly ca?: readonly string[]
}

/** Loads the SDK. @throws `usage` for a resource manager that is no https URL */
export async function createAzureClients(options: AzureClientOptions): Promise<AzureClients> {
  const { subscriptionId, cloud = 'public', ca } = options
  const endpoint = resourceManagerOf(options.resourceManager ?? CLOUDS[cloud].resourceManager)
  const [{ ContainerRegistryManagementClient }, { AzureIdentity }, { ManagerTransport }] = await Promise.all([
    import('@azure/arm-containerregistry'),
    import('./identity.ts'),
    import('./manager-transport.ts'),
  ])
  const client = new ContainerRegistryManagementClient(new AzureIdentity({ cloud, ca }), subscriptionId, {
    ...new ManagerTransport(ca).options,
    endpoint,
  })
  return { registries: client.registries }
}

function resourceManagerOf(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol === 'https:' && url.pathname === '/') return url.origin
  throw new GpregError('usage', `${text} is no Azure Resource Manager`, {
    hint: 'give an https URL without a path, such as https://management.local.azurestack.external',
  })
}
