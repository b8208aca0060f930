import type { Provider } from '@gpreg/core'
import { lazyProvider } from '@gpreg/core/provider'
import { assertEndpoints } from './api/clients.ts'
import type { AwsProviderOptions } from './bucket-provider.ts'
import { assertUserName, userName } from './names.ts'

/** Prepares the bucket of the in-cluster registry, and a key that can use this bucket and nothing else. The SDK loads with the first call. @throws `usage` */
export function createAwsProvider(options: AwsProviderOptions): Provider {
  assertEndpoints(options)
  const { installation, s3Endpoint, withIam = s3Endpoint === undefined } = options
  if (withIam) assertUserName(userName(installation))
  return lazyProvider('aws', async () => {
    const { openBucketProvider } = await import('./bucket-provider.ts')
    return openBucketProvider(options)
  })
}
