import type { Provider } from '@gpreg/core'
import { lazyProvider } from '@gpreg/core/provider'
import { locationOf } from './repository/repository-location.ts'
import type { GcpProviderOptions } from './repository-provider.ts'

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
