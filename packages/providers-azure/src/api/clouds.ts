import { AzureAuthorityHosts } from '@azure/identity'

/** One of the Azures, which know nothing of each other. */
export type AzureCloud = 'public' | 'usgov' | 'china'

interface CloudFacts {
  /** URL of Azure Resource Manager */
  readonly resourceManager: string
  /** URL of Entra */
  readonly authority: string
  /** Whom a token for the login to registries is for. */
  readonly registryAudience: string
  readonly registryHost: RegExp
}

/**
 * https://github.com/Azure/azure-sdk-for-js/blob/main/sdk/containerregistry/container-registry/src/models.ts (`KnownContainerRegistryAudience`):
 * registries take tokens for ARM as well, unless that was turned off. In the public cloud there is a narrower audience, for which
 * whoever gets hold of the token can do nothing but with registries.
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

/** The cloud of a registry, by its host; undefined for every other host. */
export function cloudOfHost(host: string): AzureCloud | undefined {
  return (Object.keys(CLOUDS) as AzureCloud[]).find(cloud => CLOUDS[cloud].registryHost.test(host))
}

/** Whether Microsoft vouches for an authority; others must be trusted as they are named, since nobody knows them. */
export function isKnownAuthority(authority: string): boolean {
  return Object.values(CLOUDS).some(known => new URL(known.authority).host === URL.parse(authority)?.host)
}
