import type { Login } from '@gpreg/oci'
import type { Context } from '../context.ts'
import type { Check } from './check.ts'
import type { ProvisionedChoice } from '../documents/provisioned.ts'
import type { Change } from './change.ts'

/** The state that a provider's resources are brought into. */
export type Goal = 'present' | 'absent'

/** Tests a registry with a login, as `probeRegistry` of core does. */
export type RegistryProbe = (login: Login, address: string, context: Context) => Promise<readonly Check[]>

/** Prepares the cloud part of a registry setup. Only `apply` and `destroy` change anything. */
export interface Provider {
  readonly cloud: 'aws' | 'azure' | 'gcp'
  /** The resources as they are, and the change that each needs, in the order in which changes are made. */
  changes(context: Context, goal?: Goal): Promise<readonly Change[]>
  /** Makes the changes. It is idempotent: after a crash at any step, the next run continues at this step. */
  apply(context: Context): Promise<readonly Change[]>
  /** The registry setup in the form that values-gen reads. Credentials are in the vault, never here. */
  describe(context: Context): Promise<ProvisionedChoice>
  /** Tests the registry or its bucket with the same credentials that Gitpod will use. */
  check(context: Context): Promise<readonly Check[]>
  /** Removes the resources that this provider created, and no others. */
  destroy(context: Context): Promise<readonly Change[]>
  /** Commands for steps that a person has to take, because the provider cannot or must not take them. */
  notes(context: Context): Promise<readonly string[]>
}
