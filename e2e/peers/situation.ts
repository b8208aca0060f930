import type { Oddity, Sample } from '@gpreg/oci/testing'
import type { RawRegistry } from './raw-registry.ts'

/** How a registry behaves. It is made anew for each copy, because some oddities count requests. */
export type Behaviour = (at: RawRegistry) => Oddity | readonly Oddity[]

/** One image to copy, and how the registries at both ends behave. */
export interface Situation {
  readonly name: string
  /** Default: {@link plainImage}. */
  readonly image?: () => Sample
  readonly source?: Behaviour
  readonly target?: Behaviour
  readonly both?: Behaviour
  /** Source and target are one registry, so blobs can be mounted. */
  readonly oneRegistry?: true
  /** Every tool has a login for both registries. */
  readonly login?: 'password' | 'identity token'
  /** Referrers are copied by the tools that can. */
  readonly referrers?: true
  /** Only tools that copy referrers take part: the others do not meet what is odd. */
  readonly aboutReferrers?: true
  /** Puts more than the image into the registries. */
  readonly prepare?: (site: { readonly source: RawRegistry; readonly target: RawRegistry }) => Promise<void>
}
