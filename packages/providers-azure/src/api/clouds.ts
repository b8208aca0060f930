import { quirksOf } from '@gpreg/oci/engine'

/** A cloud of Azure. The clouds are separate: an account of one does not exist in another. */
export type AzureCloud = 'public' | 'usgov' | 'china'

interface CloudFacts {
  /** URL of Azure Resource Manager */
  readonly resourceManager: string
  /** URL of Entra */
  readonly authority: string
  /** the audience of a token for the login to registries */
  readonly registryAudience: string
  /** the end of the hosts of its registries */
  readonly registrySuffix: string
}

/**
 * https://github.com/Azure/azure-sdk-for-js/blob/main/sdk/containerregistry/container-registry/src/models.ts (`KnownContainerRegistryAudience`):
 * registries also accept tokens for ARM, unless that was turned off. The public cloud has a narrower audience: its tokens are
 * useless outside registries.
 */
export const CLOUDS: Readonly<Record<AzureCloud, CloudFacts>> = {
  public: {
    resourceManager: 'https://management.azure.com',
    authority: 'https://login.microsoftonline.com',
    registryAudience: 'https://containerregistry.azure.net',
    registrySuffix: '.azurecr.io',
  },
  usgov: {
    resourceManager: 'https://management.usgovcloudapi.net',
    authority: 'https://login.microsoftonline.us',
    registryAudience: 'https://management.usgovcloudapi.net',
    registrySuffix: '.azurecr.us',
  },
  china: {
    resourceManager: 'https://management.chinacloudapi.cn',
    authority: 'https://login.chinacloudapi.cn',
    registryAudience: 'https://management.chinacloudapi.cn',
    registrySuffix: '.azurecr.cn',
  },
}

/** The cloud of a registry by its host; undefined for every other host. */
export function cloudOfHost(host: string): AzureCloud | undefined {
  if (quirksOf(host).kind !== 'acr') return undefined
  return (Object.keys(CLOUDS) as AzureCloud[]).find(cloud => host.endsWith(CLOUDS[cloud].registrySuffix))
}

/** Other names of the authorities. https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud#microsoft-entra-authentication-endpoints */
const ALIASES: Readonly<Record<AzureCloud, readonly string[]>> = {
  public: ['login.microsoft.com', 'login.windows.net'],
  usgov: [],
  china: ['login.partner.microsoftonline.cn'],
}

/** The cloud of an authority of Microsoft; undefined for a private one, which must be trusted without asking Microsoft about it. */
export function cloudOfAuthority(authority: string): AzureCloud | undefined {
  const host = URL.parse(authority)?.host
  if (host === undefined) return undefined
  return (Object.keys(CLOUDS) as AzureCloud[]).find(
    cloud => new URL(CLOUDS[cloud].authority).host === host || ALIASES[cloud].includes(host),
  )
}
