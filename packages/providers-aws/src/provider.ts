import type { Provider } from '@gpreg/core'
import { lazyProvider } from '@gpreg/core/provider'
import { assertEndpoints } from './api/clients.ts'
import type { AwsProviderOptions } from './bucket-provider.ts'

/** Prepares the bucket of the in-cluster registry, and a key that can use this bucket and nothing else. The SDK loads with the first call. */
export function createAwsProvider(options: AwsProviderOptions): Provider {
  assertEndpoints(options)
  return lazyProvider('aws', async () => {
    const { openBucketProvider } = await import('./bucket-provider.ts')
    return openBucketProvider(options)
  })
}
