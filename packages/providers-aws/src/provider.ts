import type { Provider, SecretVault } from '@gpreg/core'
import { lazyProvider } from '@gpreg/core/provider'
import { assertEndpoints, type AwsClients } from './api/clients.ts'

export interface AwsProviderOptions {
  readonly installation: string
  readonly region: string
  /** default: `reg-bucket-INSTALLATION` */
  readonly bucket?: string
  /** The object storage uses the same bucket and the same key. */
  readonly sharedWithStorage?: boolean
  /** URL of S3 that is not AWS's: MinIO, Ceph */
  readonly s3Endpoint?: string
  /** Whether an IAM can make a user; default: true with S3 of AWS. If false, the vault must hold a key. */
  readonly withIam?: boolean
  /** Make a new key although the vault holds a good one. */
  readonly rotate?: boolean
  /** The place of the secrets; default: memory, so that a crash loses them */
  readonly vault?: SecretVault
  /** default: those with the credentials that the SDK finds */
  readonly clients?: AwsClients
}

/** Prepares the bucket of the in-cluster registry, and a key that can use this bucket and nothing else. The SDK loads with the first call. */
export function createAwsProvider(options: AwsProviderOptions): Provider {
  assertEndpoints(options)
  return lazyProvider('aws', async () => {
    const { openBucketProvider } = await import('./bucket-provider.ts')
    return openBucketProvider(options)
  })
}
