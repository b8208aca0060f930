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
  const { subscriptionId } = options
  return { registries: (await openManager(options)).registriesOf(subscriptionId) }
}

/** Azure Resource Manager, with the identity of this machine. */
export interface Manager {
  registriesOf(subscriptionId: string): RegistriesOperations
  /** Reads a document that the client of Container Registry has no method for. @throws as the SDK does */
  read(url: string, abortSignal: AbortSignal): Promise<unknown>
  /** such as `https://management.azure.com` */
  readonly origin: string
}

/** Loads the SDK. @throws `usage` for a resource manager that is no https URL */
export async function openManager(options: Omit<AzureClientOptions, 'subscriptionId'>): Promise<Manager> {
  const { cloud = 'public', ca, resourceManager = CLOUDS[cloud].resourceManager } = options
  const origin = originOf(resourceManager)
  const [sdk, rest, { AzureIdentity }, { ManagerTransport }, { PLAIN }] = await Promise.all([
    import('@azure/arm-containerregistry'),
    import('@azure/core-rest-pipeline'),
    import('./identity.ts'),
    import('./manager-transport.ts'),
    import('./transport.ts'),
  ])
  const identity = new AzureIdentity({ cloud, ca })
  const transport = new ManagerTransport(origin, ca)
  const pipeline = rest.createPipelineFromOptions(PLAIN)
  pipeline.addPolicy(
    rest.bearerTokenAuthenticationPolicy({ credential: identity, scopes: `${origin}/.default` }),
    { phase: 'Sign' },
  )
  pipeline.addPolicy(transport, { afterPhase: 'Sign' })
  return {
    origin,
    registriesOf: subscriptionId =>
      new sdk.ContainerRegistryManagementClient(identity, subscriptionId, {
        ...transport.options,
        endpoint: origin,
      }).registries,
    async read(url, abortSignal) {
      const request = rest.createPipelineRequest({ url, abortSignal })
      const { bodyAsText } = await pipeline.sendRequest(rest.createDefaultHttpClient(), request)
      return JSON.parse(bodyAsText ?? '')
    },
  }
}

function originOf(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol === 'https:' && url.pathname === '/') return url.origin
  throw new GpregError('usage', `${text} is no Azure Resource Manager`, {
    hint: 'give an https URL without a path, such as https://management.local.azurestack.external',
  })
}
