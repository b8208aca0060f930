/** What the user chose, as the flags of `gpreg values` say it. Nothing in here is secret. */
export interface CommonChoice {
  readonly domain?: string
  /** Where the images were mirrored to: `host[:port]/prefix`. */
  readonly mirror?: string
  /** The mirror serves all three purposes. */
  readonly singleRegistry?: boolean
  readonly dropImageRepo?: boolean
  readonly workspaceImage?: string
  /** Hosts that image builds may send credentials to. Default: the mirror. */
  readonly allowHosts?: readonly string[]
  /** The registries have certificates of a private authority. */
  readonly privateCa?: boolean
  readonly secretNames?: Partial<Record<SecretRole, string>>
}

/** Which Secret: of the workspace registry, of the object storage, for pulling from the mirror, of the private authority. */
export type SecretRole = 'registry' | 'storage' | 'mirror' | 'ca'

export interface InClusterChoice {
  readonly kind: 'in-cluster'
  readonly s3?: { readonly bucket: string; readonly region: string; readonly endpoint?: string }
}

export interface AwsChoice {
  readonly kind: 'aws'
  readonly region: string
  /** of the registry */
  readonly bucket: string
  readonly registryRegion?: string
  readonly registryEndpoint?: string
  /** of the object storage; default: the registry's */
  readonly storageBucket?: string
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
  /** `host[:port][/path]`; with {@link CommonChoice.singleRegistry} the mirror where it is not given */
  readonly registry?: string
}

export type KindChoice = InClusterChoice | AwsChoice | GcpChoice | AzureChoice | ExternalChoice

export type Choice = CommonChoice & KindChoice
