import type { Descriptor } from '@gpreg/oci/model/descriptor'
import type { Digest } from '@gpreg/oci/model/digest'
import type { Reference } from '@gpreg/oci/model/reference'

/** What an image is needed for; `workspace-images` are built by Gitpod itself and never mirrored. */
export type Purpose = 'components' | 'workspace-base'

/** One name to be there in the end: where it comes from, what it is called in the target, and why it is needed. */
export interface ImageEntry {
  readonly source: Reference
  /** Absent where neither `--to` nor the list gives one. */
  readonly target?: Reference
  readonly purpose: Purpose
  /** e.g. `versions:components.server`, `catalogue:2022.11.3`, `manifests:deploy.yaml`; sorted, no duplicates */
  readonly origins: readonly string[]
  /** What a lock says it must be. */
  readonly locked?: LockedImage
}

/** Sorted by source, then target; no two entries share a target. */
export interface ImageSet {
  readonly images: readonly ImageEntry[]
  /** When its lock was made, where it is from one; ISO 8601. */
  readonly locked?: string
  /** What `--exclude` left out. */
  readonly excluded: readonly { readonly source: Reference; readonly pattern: string }[]
}

/** An image at one moment. */
export interface LockedImage {
  readonly digest: Digest
  readonly mediaType: string
  /** bytes of the top manifest */
  readonly size: number
  /** bytes of all its blobs, each counted once */
  readonly bytes: number
  readonly referrers: readonly LockedReferrer[]
}

/** A signature, attestation or SBOM that belongs to an image. */
export interface LockedReferrer extends Pick<Descriptor, 'mediaType' | 'digest' | 'size' | 'artifactType'> {
  /** what it speaks about: the image, one of its children, or another referrer */
  readonly subject: Digest
  /** cosign's tag, e.g. `sha256-….sig`; absent where the registry finds it by subject */
  readonly tag?: string
}
