import { ContainerRegistryManagementClient, type RegistriesOperations } from '@azure/arm-containerregistry'
import { GpregError } from '@gpreg/oci'
import { CLOUDS, type AzureCloud } from './clouds.ts'
import { AzureIdentity } from './identity.ts'
import { Line } from './line.ts'

/** What of the client of Container Registry is used. */
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

/** What talks to Azure. Give others to test, or to share what an application has. */
export interface AzureClients {
  readonly registries: RegistryApi
}

export interface AzureClientOptions {
  readonly subscriptionId: string
  /** default: public */
  readonly cloud?: AzureCloud
  /** URL of an Azure Resource Manager of one's own, as Azure Stack has; default: that of the cloud */
  readonly resourceManager?: string
  /** PEM of authorities to trust besides the usual ones: give those as well */
  readonly ca?: readonly string[]
}

/** @throws `usage` for a resource manager that is no https URL */
export function createAzureClients(options: AzureClientOptions): AzureClients {
  const { subscriptionId, cloud = 'public', ca } = options
  const endpoint = resourceManagerOf(options.resourceManager ?? CLOUDS[cloud].resourceManager)
  const client = new ContainerRegistryManagementClient(new AzureIdentity({ cloud, ca }), subscriptionId, {
    ...new Line(ca).options,
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
