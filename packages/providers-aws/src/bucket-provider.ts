import {
  type Check,
  type Provider,
  type ProvisionedChoice,
  type Resource,
  type SecretVault,
  type Context,
} from '@gpreg/core'
import {
  OptionalResource,
  VaultJournal,
  keep,
  memoryVault,
  resourceActions,
  type RefusalMemory,
} from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { RegistryKey } from './user/access-key.ts'
import { KeyRemoval } from './user/key-removal.ts'
import { Bucket } from './bucket/bucket.ts'
import { BucketRemoval } from './bucket/bucket-removal.ts'
import { BucketTags } from './bucket/bucket-tags.ts'
import { bucketSettings, NOT_NEEDED } from './bucket/bucket-settings.ts'
import { checkBucket } from './bucket/canary.ts'
import { createAwsClients, type AwsClients } from './api/clients.ts'
import { bucketName, userName, type AwsJournalEntry } from './names.ts'
import { RegistryUser, UserPolicy, UserRemoval } from './user/user.ts'

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

/** The provider of the bucket and the key, with its clients. */
export async function openBucketProvider(options: AwsProviderOptions): Promise<Provider> {
  const { installation, region, s3Endpoint, vault = memoryVault() } = options
  const clients =
    options.clients ?? (await createAwsClients({ region, ...(s3Endpoint ? { s3Endpoint } : {}) }))
  const { bucket = bucketName(installation), sharedWithStorage: isShared = false, rotate = false } = options
  const isForeign = s3Endpoint !== undefined
  const { withIam = !isForeign } = options
  const journal = new VaultJournal<AwsJournalEntry>(vault)
  const inS3 = { s3: clients.s3, bucket, region, installation, isForeign, journal }
  const inIam = { iam: clients.iam, user: userName(installation), bucket, installation, vault, journal }

  const present: readonly Resource[] = [
    new Bucket(inS3),
    ...[new BucketTags(inS3), ...bucketSettings(inS3)].map(
      // AWS itself has every setting: what it refuses today may be granted or mended tomorrow, so each run tries again.
      setting => new OptionalResource(setting, NOT_NEEDED, isForeign ? refusalsIn(journal) : undefined),
    ),
    ...(withIam
      ? [new RegistryUser(inIam), new UserPolicy(inIam), new RegistryKey({ ...inIam, isShared, rotate })]
      : [new GivenKey(vault, isShared)]),
  ]
  const absent: readonly Resource[] = [
    ...(withIam ? [new KeyRemoval(inIam), new UserRemoval(inIam)] : []),
    new BucketRemoval(inS3),
  ]

  return {
    cloud: 'aws',
    ...resourceActions({ present, absent }),
    describe: async (): Promise<ProvisionedChoice> => {
      const endpoint = s3Endpoint === undefined ? endpointOf(clients, region) : addressOf(s3Endpoint)
      return {
        kind: 'aws',
        region,
        bucket,
        registryEndpoint: endpoint,
        ...(isShared ? { storageBucket: bucket, storageEndpoint: endpoint } : {}),
      }
    },
    async check(context: Context): Promise<readonly Check[]> {
      const { registryStorage: key } = await vault.read()
      if (key === undefined) return [{ name: 'key', status: 'skipped', detail: 'no key is known' }]
      const s3 = clients.s3With(key)
      try {
        return await checkBucket({ s3, bucket, isForeign }, context)
      } finally {
        s3.destroy()
      }
    },
    notes: async (): Promise<readonly string[]> => [
      'nodes pull blobs from S3 itself, by signed URLs: they must reach the endpoint, not only the registry',
      ...(s3Endpoint === undefined ? [] : foreignNotes(s3Endpoint)),
      ...(isShared
        ? []
        : [
            'the object storage is not part of this: give values aws its --storage-bucket and --storage-credentials',
          ]),
    ],
  }
}

/** The S3 endpoint of a region, by the SDK's own rules of partitions. */
function endpointOf({ s3 }: AwsClients, region: string): string {
  const { endpointProvider } = s3.config
  return endpointProvider({ Region: region, UseFIPS: false, UseDualStack: false, UseGlobalEndpoint: false })
    .url.host
}

/** The endpoint as `gpreg values` takes it. The scheme is left out where it is https, and tells `values` where it is not. */
function addressOf(endpoint: string): string {
  const { protocol, host, origin } = new URL(endpoint)
  return protocol === 'https:' ? host : origin
}

/** What Gitpod's installer does with an S3 that is not of AWS. https://github.com/gitpod-io/gitpod/blob/main/install/installer/pkg/components/docker-registry/helm.go */
function foreignNotes(endpoint: string): string[] {
  return [
    ...(new URL(endpoint).protocol === 'https:'
      ? []
      : [
          `the registry in the cluster will speak https to S3 (secure: true), and ${endpoint} is plain HTTP: give it TLS, or set storage.s3.secure to false in the rendered configuration of the registry`,
        ]),
    'the registry in the cluster will have its objects encrypted (encrypt: true): the check "encrypted write" shows whether this S3 does that',
  ]
}

/** Keeps in the vault which settings the S3 does not have. */
function refusalsIn(journal: VaultJournal<AwsJournalEntry>): RefusalMemory {
  const refused = async () => (await journal.get('refused')) ?? []
  return {
    has: async resource => (await refused()).includes(resource),
    add: async resource => journal.write({ refused: [...(await refused()), resource] }),
  }
}

/** A key that was made by other means, for S3 without an IAM. */
class GivenKey implements Resource {
  readonly name = 's3:access-key'
  readonly #vault: SecretVault
  readonly #isShared: boolean

  constructor(vault: SecretVault, isShared: boolean) {
    this.#vault = vault
    this.#isShared = isShared
  }

  async inspect() {
    const { registryStorage, storage } = await this.#vault.read()
    if (registryStorage === undefined) {
      throw new GpregError('usage', 'there is no IAM here to make a key with, and none was given', {
        resource: this.name,
        hint: 'make a user there that may use the bucket, and give its key with --registry-credentials FILE; or name its IAM with --iam-endpoint URL',
      })
    }
    if (!this.#isShared || storage !== undefined) return keep(`${registryStorage.accessKeyId} was given`)
    return {
      action: 'update' as const,
      reason: 'the object storage uses the same key',
      make: () => this.#vault.update({ storage: registryStorage }),
    }
  }
}
