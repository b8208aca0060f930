import type { Context } from '../context.ts'
import type { Check } from './check.ts'
import type { ProvisionedChoice } from '../documents/provisioned.ts'
import type { Change } from './resource.ts'

/** Whether what a provider sees to is to be there, or gone. */
export type Goal = 'present' | 'absent'

/** Prepares the cloud part of a registry setup. Nothing is changed but by `apply` and `destroy`. */
export interface Provider {
  readonly cloud: 'aws' | 'azure' | 'gcp'
  /** What is there, and what would be done, in the order in which it would be done. */
  changes(context: Context, goal?: Goal): Promise<readonly Change[]>
  /** Makes it so. Idempotent: after a crash at any step, the next one goes on. */
  apply(context: Context): Promise<readonly Change[]>
  /** The registry setup, as values-gen takes it. Credentials are in the vault, never here. */
  describe(context: Context): Promise<ProvisionedChoice>
  /** Tries the registry or its bucket with the very credentials that Gitpod will use. */
  check(context: Context): Promise<readonly Check[]>
  /** Removes what this provider created, and nothing else. */
  destroy(context: Context): Promise<readonly Change[]>
  /** What a person has to do: commands, for what the provider may not or cannot do itself. */
  notes(context: Context): Promise<readonly string[]>
}
