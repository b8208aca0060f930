import { AzureAuthorityHosts } from '@azure/identity'

/** A cloud of Azure. The clouds are separate: an account of one does not exist in another. */
export type AzureCloud = 'public' | 'usgov' | 'china'

interface CloudFacts {
  /** URL of Azure Resource Manager */
  readonly resourceManager: string
  /** URL of Entra */
  readonly authority: string
  /** the audience of a token for the login to registries */
  readonly registryAudience: string
  readonly registryHost: RegExp
}

/**
 * https://github.com/Azure/azure-sdk-for-js/blob/main/sdk/containerregistry/container-registry/src/models.ts (`KnownContainerRegistryAudience`):
 * registries also accept tokens for ARM, unless that was turned off. The public cloud has a narrower audience: its tokens are
 * useless outside registries.
 */
export const CLOUDS: Readonly<Record<AzureCloud, CloudFacts>> = {
  public: {
    resourceManager: 'https://management.azure.com',
    authority: AzureAuthorityHosts.AzurePublicCloud,
    registryAudience: 'https://containerregistry.azure.net',
    registryHost: /^[a-z0-9-]+\.azurecr\.io$/,
  },
  usgov: {
    resourceManager: 'https://management.usgovcloudapi.net',
    authority: AzureAuthorityHosts.AzureGovernment,
    registryAudience: 'https://management.usgovcloudapi.net',
    registryHost: /^[a-z0-9-]+\.azurecr\.us$/,
  },
  china: {
    resourceManager: 'https://management.chinacloudapi.cn',
    authority: AzureAuthorityHosts.AzureChina,
    registryAudience: 'https://management.chinacloudapi.cn',
    registryHost: /^[a-z0-9-]+\.azurecr\.cn$/,
  },
}

/** The cloud of a registry by its host; undefined for every other host. */
export function cloudOfHost(host: string): AzureCloud | undefined {
  return (Object.keys(CLOUDS) as AzureCloud[]).find(cloud => CLOUDS[cloud].registryHost.test(host))
}

/** Whether Microsoft knows an authority. A private one must be trusted without asking Microsoft about it. */
export function isKnownAuthority(authority: string): boolean {
  return Object.values(CLOUDS).some(known => new URL(known.authority).host === URL.parse(authority)?.host)
}
