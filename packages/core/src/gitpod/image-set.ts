import type { Descriptor, Digest, Reference } from '@gpreg/oci'
import type { RelativeName } from '@gpreg/oci/engine'

/** The purpose of an image. `workspace-images` are built by Gitpod itself and never mirrored. */
export type Purpose = 'components' | 'workspace-base'

/** A needed image: its source and the reason why it is needed. */
export interface WantedImage {
  readonly source: Reference
  readonly purpose: Purpose
  /** e.g. `versions:components.server`, `catalogue:2022.11.3`, `manifests:deploy.yaml`; sorted, no duplicates */
  readonly origins: readonly string[]
  /** The digest and size that a lock demands. */
  readonly locked?: LockedImage
}

/** An image with its name in a registry. */
export interface ImageEntry extends WantedImage {
  /** Absent if neither `--to` nor the list gives one. */
  readonly target?: Reference
}

/** An image with its name in a bundle: below whatever prefix the bundle is loaded to. */
export interface NamedImage extends WantedImage {
  readonly name: RelativeName
}

/** Sorted by source, then by name; no two entries share a name. */
export interface ImageSet<E extends WantedImage = ImageEntry> {
  readonly images: readonly E[]
  /** When its lock was made, where it is from one; ISO 8601. */
  readonly locked?: string
  /** Images that `--exclude` left out. */
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
  /** cosign's tag, e.g. `sha256-….sig`; absent if the registry finds it by subject */
  readonly tag?: string
}
