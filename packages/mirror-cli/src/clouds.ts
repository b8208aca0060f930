/** The only module that imports the packages of the clouds. Each is imported when it is needed, because its SDK is large. */
import { getCACertificates } from 'node:tls'
import { readText, type Context, type Importer } from '@gpreg/core'
import { GpregError, type LoginSource, type Side } from '@gpreg/oci'
import { quirksOf, type Clouds } from '@gpreg/oci/engine'

export const loadAws = () => import('@gpreg/provider-aws')
export const loadAzure = () => import('@gpreg/provider-azure')
export const loadGcp = () => import('@gpreg/provider-gcp')

/** Gives logins to registries of clouds, made with the identity of this machine in the cloud. */
export function createClouds(): Clouds {
  const known = new Map<string, Promise<LoginSource | undefined>>()
  return async (host, side) => {
    const key = `${side} ${host}`
    const access = known.get(key) ?? accessTo(host, side)
    known.set(key, access)
    return access
  }
}

async function accessTo(host: string, side: Side): Promise<LoginSource | undefined> {
  switch (quirksOf(host).kind) {
    case 'ecr':
      return (await loadAws()).createEcrAccess(host)
    case 'google':
      // Everybody may read the images at their source, so looking for an identity would only cost time.
      return side === 'target' ? (await loadGcp()).createGoogleAccess() : undefined
    case 'acr':
      return (await loadAzure()).createAcrAccess()
    // Public registries of a cloud answer everybody, as any other registry does.
    case 'ecr-public':
    case 'mcr':
    case 'generic':
      return undefined
  }
}

/**
 * The registry's own way to fetch images from public sources.
 * @throws `usage` for a registry that has none, and the errors of its cloud for one that takes no requests of this machine
 */
export async function openImporter(host: string, context: Context): Promise<Importer> {
  if (quirksOf(host).kind === 'acr') {
    const subscriptionId = process.env['AZURE_SUBSCRIPTION_ID'] || undefined
    const options = subscriptionId === undefined ? {} : { subscriptionId }
    return (await loadAzure()).createAcrImporter(host, options, context)
  }
  throw new GpregError('usage', `${host} does not fetch images by itself`, {
    host,
    hint: 'leave out --server-side: of all registries, only Azure Container Registry (HOST.azurecr.io, .azurecr.us, .azurecr.cn) can',
  })
}

/** The default certificate authorities and those of a file in one list, as the SDKs want them. */
export async function authorities(path: string | undefined): Promise<readonly string[] | undefined> {
  if (path === undefined) return undefined
  return [...getCACertificates('default'), await readText(path)]
}
