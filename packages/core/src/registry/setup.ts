import type { RegistryPurpose } from './purpose.ts'

/** The name of a Kubernetes Secret in the namespace of the installation, never its content. */
export interface SecretRef {
  readonly name: string
}

/** Where Gitpod and Docker Hub publish: nothing to set up, pulled without credentials. */
export interface PublicRegistry {
  readonly kind: 'public'
}

/** The registry that the installer brings along; its blobs are on a volume, or in a bucket. */
export interface InClusterRegistry {
  readonly kind: 'in-cluster'
  readonly storage?: S3Bucket
}

/** A registry that is there already. */
export interface HostedRegistry {
  readonly kind: 'gcr' | 'artifact-registry' | 'acr' | 'external'
  /** `host[:port][/path]`, without a scheme */
  readonly address: string
  /** A docker config for it. */
  readonly credentials: SecretRef
}

export type Registry = PublicRegistry | InClusterRegistry | HostedRegistry

/** Which registry serves which purpose. */
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

/** Where Gitpod keeps backups of workspaces. It is no registry, but shares its cloud and often its bucket. */
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

/** One internal registry for everything, as inside an air gap. */
export function singleRegistry(registry: HostedRegistry): RegistrySetup {
  return { components: registry, 'workspace-base': registry, 'workspace-images': registry }
}

/** The purposes that a registry serves; registries are the same where kind and address are. */
export function purposesOf(setup: RegistrySetup, registry: Registry): RegistryPurpose[] {
  return (Object.keys(setup) as RegistryPurpose[]).filter(purpose => isSame(setup[purpose], registry))
}

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
