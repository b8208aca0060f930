import type { Context } from '../context.ts'
import type { Login } from './login.ts'
import type { ObjectStorage, RegistrySetup } from './setup.ts'

/** Something in the cloud that a provider sees to. */
export interface Change {
  /** such as `s3:bucket/gitpod-registry` */
  readonly resource: string
  readonly action: 'create' | 'update' | 'keep' | 'delete'
  /** Why, and what is changed. */
  readonly reason: string
}

/** What came of it: the setup for the installer's configuration. Credentials are named, not held. */
export interface ProvisionedRegistry {
  readonly registries: RegistrySetup
  readonly objectStorage: ObjectStorage
}

/** One purpose tried with the credentials that Gitpod will use. */
export interface ProviderCheck {
  readonly name: string
  readonly status: 'ok' | 'failed' | 'skipped'
  readonly detail?: string
  readonly hint?: string
}

/** Prepares and describes the cloud part of a registry setup. Nothing is changed before `apply`. */
export interface Provider {
  readonly kind: 'aws' | 'azure' | 'gcp'
  /** What is there, and what would be done. */
  changes(context: Context): Promise<readonly Change[]>
  /** Makes it so. Idempotent: after a crash at any step it goes on. */
  apply(context: Context): Promise<ProvisionedRegistry>
  describe(context: Context): Promise<ProvisionedRegistry>
  check(context: Context): Promise<readonly ProviderCheck[]>
  /** Removes only what this provider created. */
  destroy(context: Context): Promise<readonly Change[]>
}

/** Gives short-lived logins, for mirroring into the cloud's own registry. */
export interface LoginSource {
  login(host: string, context: Context): Promise<Login>
}

/** For registries that want a repository created before the first push. */
export interface RepositoryCreator {
  ensureRepository(name: string, context: Context): Promise<void>
}
