import type { Provider, RegistryProbe, SecretVault, ServiceAccountKey } from '@gpreg/core'
import { lazyProvider } from '@gpreg/core/provider'
import type { GcpClients } from './api/clients.ts'
import { locationOf, type LocationOptions } from './repository/repository-location.ts'

export interface GcpProviderOptions extends LocationOptions {
  /** The key of the object storage's service account, with which Gitpod pushes and pulls. gpreg neither creates nor deletes keys. */
  readonly serviceAccountKey?: ServiceAccountKey
  /** Address of the service account that needs the roles; default: that of the key. */
  readonly serviceAccount?: string
  /** The place of the credentials made of the key; default: memory */
  readonly vault?: SecretVault
  /** default: those with the identity that the SDK finds */
  readonly clients?: GcpClients
  /** Tries a registry, such as core's `probeRegistry`. */
  readonly probe?: RegistryProbe
}

/**
 * Prepares the registry of workspace images on Google Cloud, except for the steps of the project's owner, such as roles. The SDK loads
 * with the first call.
 */
export function createGcpProvider(options: GcpProviderOptions): Provider {
  const where = locationOf(options)
  return lazyProvider('gcp', async () => {
    const { openRepositoryProvider } = await import('./repository-provider.ts')
    return openRepositoryProvider(options, where)
  })
}
