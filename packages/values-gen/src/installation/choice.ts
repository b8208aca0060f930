import { GpregError } from '@gpreg/oci'

/** The choices of the user, named as the flags of `gpreg values`. Nothing in it is secret. */
export interface CommonChoice {
  readonly domain?: string
  /** The address that the images were mirrored to: `host[:port]/prefix`. */
  readonly mirror?: string
  /** The mirror serves Gitpod's own images, the base images of workspaces, and workspace images. */
  readonly singleRegistry?: boolean
  readonly dropImageRepo?: boolean
  readonly workspaceImage?: string
  /** Hosts that image builds may send credentials to. Default: the mirror. */
  readonly allowHosts?: readonly string[]
  /** Hosts that an existing configuration allows; they stay allowed. */
  readonly allowedBefore?: readonly string[]
  /** The registries have certificates of a private authority. */
  readonly privateCa?: boolean
  readonly secretNames?: Partial<Record<SecretRole, string>>
}

/** The use of a Secret: the workspace registry, the object storage, pulling from the mirror, or the private authority. */
export type SecretRole = 'registry' | 'storage' | 'mirror' | 'ca'

export interface InClusterChoice {
  readonly kind: 'in-cluster'
  readonly s3?: { readonly bucket: string; readonly region: string; readonly endpoint?: string }
}

export interface AwsChoice {
  readonly kind: 'aws'
  readonly region: string
  /** the bucket of the registry */
  readonly bucket: string
  readonly registryRegion?: string
  readonly registryEndpoint?: string
  /** the bucket of the object storage; default: the bucket of the registry */
  readonly storageBucket?: string
  /** default: that of the registry for the same bucket, else that of the region */
  readonly storageEndpoint?: string
}

export interface GcpChoice {
  readonly kind: 'gcp'
  readonly project: string
  /** `gcr.io`, `eu.gcr.io`, `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY`; default `gcr.io` */
  readonly registryHost?: string
  readonly region: string
}

export interface AzureChoice {
  readonly kind: 'azure'
  /** login server */
  readonly registry: string
  readonly region: string
}

export interface ExternalChoice {
  readonly kind: 'external'
  /** `host[:port][/path]`; with {@link CommonChoice.singleRegistry} the mirror by default */
  readonly registry?: string
}

export type KindChoice = InClusterChoice | AwsChoice | GcpChoice | AzureChoice | ExternalChoice

export type Choice = CommonChoice & KindChoice

/** A choice that is still being put together from flags and files. */
export type PartialChoice = KindChoice extends infer K
  ? K extends KindChoice
    ? Pick<K, 'kind'> & Partial<K> & CommonChoice
    : never
  : never

const REQUIRED: Readonly<Record<KindChoice['kind'], readonly string[]>> = {
  'in-cluster': [],
  aws: ['region', 'bucket'],
  gcp: ['project', 'region'],
  azure: ['registry', 'region'],
  external: [],
}

/** @throws `usage` if a required part is missing, with the flags that give it */
export function completeChoice(choice: PartialChoice): Choice {
  const given: Readonly<Record<string, unknown>> = { ...choice }
  const missing = REQUIRED[choice.kind].filter(key => given[key] === undefined)
  if (missing.length === 0) return choice as Choice
  const flags = missing.map(key => `--${key}`).join(' and ')
  throw new GpregError('usage', `values ${choice.kind} needs ${flags}`, {
    hint: `give ${flags}, or --from-terraform or --from a file that has them`,
  })
}
