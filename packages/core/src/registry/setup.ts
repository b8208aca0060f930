/** The name of a Kubernetes Secret in the namespace of the installation, never its content. */
export interface SecretRef {
  readonly name: string
}

/** The public registries of Gitpod and Docker Hub. They need no setup and no credentials. */
export interface PublicRegistry {
  readonly kind: 'public'
}

/** The registry that the installer runs in the cluster. Its blobs are on a volume, or in the bucket `storage`. */
export interface InClusterRegistry {
  readonly kind: 'in-cluster'
  readonly storage?: S3Bucket
}

/** A registry that exists already. */
export interface HostedRegistry {
  readonly kind: 'gcr' | 'artifact-registry' | 'acr' | 'external'
  /** `host[:port][/path]`, without a scheme */
  readonly address: string
  /** the Secret with a docker config for the registry */
  readonly credentials: SecretRef
}

export type Registry = PublicRegistry | InClusterRegistry | HostedRegistry

/** The registry for each purpose. */
export interface RegistrySetup {
  readonly components: PublicRegistry | HostedRegistry
  readonly 'workspace-base': PublicRegistry | HostedRegistry
  readonly 'workspace-images': InClusterRegistry | HostedRegistry
}

export interface S3Bucket {
  readonly bucket: string
  readonly region: string
  /** `host[:port]`, without a scheme */
  readonly endpoint: string
  readonly credentials: SecretRef
}

/** The storage for backups of workspaces. It is no registry, but is in the same cloud and often in the same bucket. */
export type ObjectStorage =
  | { readonly kind: 'in-cluster' }
  | ({ readonly kind: 's3' } & Omit<S3Bucket, 'bucket'> & { readonly bucket?: string })
  | {
      readonly kind: 'gcs'
      readonly project: string
      readonly region: string
      readonly credentials: SecretRef
    }
  | { readonly kind: 'azure'; readonly region: string; readonly credentials: SecretRef }

/** Uses one internal registry for all purposes, as is usual in an air-gapped network. */
export function singleRegistry(registry: HostedRegistry): RegistrySetup {
  return { components: registry, 'workspace-base': registry, 'workspace-images': registry }
}

/** Two registries are the same if their kind and their address are the same. */
export function isSame(one: Registry, other: Registry): boolean {
  return one.kind === other.kind && addressOf(one) === addressOf(other)
}

/** `host[:port][/path]` of a hosted registry. */
export function addressOf(registry: Registry): string | undefined {
  return 'address' in registry ? registry.address : undefined
}

/** `host[:port]` of an address. */
export function hostOfAddress(address: string): string {
  return address.replace(/\/.*/s, '')
}
