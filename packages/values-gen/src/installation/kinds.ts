import {
  hostOfAddress,
  type HostedRegistry,
  type InClusterRegistry,
  type ObjectStorage,
  type S3Bucket,
  type SecretRef,
} from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { normaliseAddress, parseEndpoint } from './address.ts'
import { assertBucket } from './bucket.ts'
import type {
  AwsChoice,
  AzureChoice,
  Choice,
  ExternalChoice,
  GcpChoice,
  InClusterChoice,
  SecretRole,
} from './choice.ts'
import { s3Endpoint } from './s3-endpoint.ts'

/** The parts of a kind of installation: the registry of workspace images and the storage of backups. */
export interface KindSetup {
  readonly workspaceRegistry: InClusterRegistry | HostedRegistry
  readonly objectStorage?: ObjectStorage
}

/** Gives the name of the Secret for a role: the user's name, or `usual` if the user gave none. */
type NameSecret = (role: SecretRole, usual: string) => SecretRef

export function kindSetup(choice: Choice, mirror: string | undefined, secret: NameSecret): KindSetup {
  switch (choice.kind) {
    case 'in-cluster':
      return inCluster(choice, secret)
    case 'aws':
      return aws(choice, secret)
    case 'gcp':
      return gcp(choice, secret)
    case 'azure':
      return azure(choice, secret)
    case 'external':
      return external(choice, choice.singleRegistry ? mirror : undefined, secret)
  }
}

function inCluster({ s3 }: InClusterChoice, secret: NameSecret): KindSetup {
  if (s3 === undefined) return { workspaceRegistry: { kind: 'in-cluster' } }
  const { bucket, region, endpoint } = s3
  return {
    workspaceRegistry: {
      kind: 'in-cluster',
      storage: registryBucket(bucket, region, endpoint, secret),
    },
  }
}

/** ECR cannot keep workspace images, so on AWS the in-cluster registry keeps them in a bucket. */
function aws(choice: AwsChoice, secret: NameSecret): KindSetup {
  const { region, bucket, registryRegion = region, registryEndpoint, storageBucket = bucket } = choice
  const storage = registryBucket(bucket, registryRegion, registryEndpoint, secret)
  const endpoint = choice.storageEndpoint === undefined ? undefined : parseEndpoint(choice.storageEndpoint)
  assertBucket(storageBucket)
  // A bucket is in one place; but another store, if it is named, may have one of the same name.
  const isShared = storageBucket === bucket && [undefined, storage.endpoint].includes(endpoint)
  return {
    workspaceRegistry: { kind: 'in-cluster', storage },
    objectStorage: {
      kind: 's3',
      bucket: storageBucket,
      region: isShared ? registryRegion : region,
      endpoint: endpoint ?? (isShared ? storage.endpoint : s3Endpoint(region)),
      credentials: secret('storage', 'storage-s3'),
    },
  }
}

function gcp({ project, registryHost = 'gcr.io', region }: GcpChoice, secret: NameSecret): KindSetup {
  const host = normaliseAddress(registryHost)
  return {
    workspaceRegistry: {
      ...googleRegistry(host, project),
      credentials: secret('registry', 'container-registry'),
    },
    objectStorage: { kind: 'gcs', project, region, credentials: secret('storage', 'storage-gcp') },
  }
}

function googleRegistry(address: string, project: string): Pick<HostedRegistry, 'kind' | 'address'> {
  if (/^(?:[a-z]+\.)?gcr\.io$/.test(address)) return { kind: 'gcr', address: `${address}/${project}` }
  if (!hostOfAddress(address).endsWith('-docker.pkg.dev')) return { kind: 'gcr', address }
  if (address.split('/').length < 3) {
    throw new GpregError('usage', `--registry-host ${address} names no repository of Artifact Registry`, {
      hint: `write LOCATION-docker.pkg.dev/${project}/REPOSITORY`,
    })
  }
  return { kind: 'artifact-registry', address }
}

function azure({ registry, region }: AzureChoice, secret: NameSecret): KindSetup {
  const address = normaliseAddress(registry)
  return {
    workspaceRegistry: { kind: 'acr', address, credentials: secret('registry', 'container-registry') },
    objectStorage: { kind: 'azure', region, credentials: secret('storage', 'storage-azure') },
  }
}

function external({ registry }: ExternalChoice, mirror: string | undefined, secret: NameSecret): KindSetup {
  const text = registry ?? mirror
  if (text === undefined) {
    throw new GpregError('usage', 'which registry is to keep workspace images?', {
      hint: 'name it with --registry HOST[:PORT][/PATH], or --mirror HOST/PREFIX --single-registry',
    })
  }
  const address = normaliseAddress(text)
  return {
    workspaceRegistry: { kind: 'external', address, credentials: secret('registry', 'container-registry') },
  }
}

function registryBucket(
  bucket: string,
  region: string,
  endpoint: string | undefined,
  secret: NameSecret,
): S3Bucket {
  assertBucket(bucket)
  return {
    bucket,
    region,
    endpoint: parseEndpoint(endpoint ?? s3Endpoint(region)),
    credentials: secret('registry', 'container-registry-s3-backend'),
  }
}
