import type { AccessKey, ServiceAccountKey, StorageAccount } from '@gpreg/core'
import type { Login } from '@gpreg/oci'

/** The content of the Secrets that a configuration names, as far as the user gave it. */
export interface SecretValues {
  /** For a hosted registry of workspace images. */
  readonly registry?: Login
  /** For the bucket of the in-cluster registry. */
  readonly registryStorage?: AccessKey
  readonly storage?: AccessKey | ServiceAccountKey | StorageAccount
  /** For pulling from the mirror. */
  readonly mirror?: Login
  /** PEM certificate of the private authority. It is not secret, but the installer reads it from a Secret. */
  readonly ca?: string
}
