import type { Digest, ErrorCode } from '@gpreg/oci'
import type { CatalogueOutcome } from './catalogue.ts'

/** What becomes of a tag or a manifest. `left` stays as it is, and `reason` says why. */
export type Fate = 'to-remove' | 'removed' | 'left' | 'failed'

export interface PrunedTag {
  /** `host/repository:tag` */
  readonly tag: string
  readonly digest: Digest
  readonly status: Fate
  readonly reason?: string
  readonly error?: PruneError
}

export interface PrunedManifest {
  /** `host/repository@digest` */
  readonly manifest: string
  readonly status: Fate
  readonly reason?: string
  readonly error?: PruneError
}

export interface PruneError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
}

/** A repository in which nothing is removed, because what it must keep could not be found out. */
export interface LeftAlone {
  /** `host/repository` */
  readonly repository: string
  readonly code: ErrorCode
  readonly reason: string
  readonly hint?: string
}

/** Counts by fate. */
export interface FateTotals {
  readonly toRemove: number
  readonly removed: number
  readonly left: number
  readonly failed: number
}

/** The answer of `gpreg prune --json`. */
export interface PruneResult {
  readonly kind: 'PruneResult'
  readonly version: 1
  /** `host[:port]/prefix` */
  readonly target: string
  /** True if nothing was removed, because it was not asked for. */
  readonly dryRun: boolean
  readonly tags: readonly PrunedTag[]
  /** Manifests that are removed by digest: those of the tags, those below them, and their referrers. */
  readonly manifests: readonly PrunedManifest[]
  readonly leftAlone: readonly LeftAlone[]
  /** Whether repositories that no document names were looked for and found; absent unless every tag may go. */
  readonly catalogue?: CatalogueOutcome
  /** The number that `--confirm` must give, and why; absent if nothing has to be confirmed. */
  readonly confirm?: { readonly tags: number; readonly reason: string }
  /** How the registry frees the bytes; absent if nothing goes. */
  readonly garbageCollection?: string
  readonly totals: {
    /** repositories that were read */
    readonly repositories: number
    /** `found` are all tags of those repositories */
    readonly tags: { readonly found: number } & FateTotals
    readonly manifests: FateTotals
    /** names of kept documents that the target has */
    readonly keptNames: number
    /** Bytes of blobs, an estimate: those that only removed images have, and those that remaining ones share. */
    readonly bytes: { readonly freed: number; readonly shared: number }
    readonly seconds: number
  }
}
