import type { Descriptor, Digest, Place, ReadableRepository, Reference } from '@gpreg/oci'
import type { RelativeName } from '@gpreg/oci/engine'
import type { Rewrite } from './discovery/mention.ts'

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
  /** The source has a tag and a digest, and its tag alone is named, too: the tag must still point at the digest. */
  readonly isTagNamed?: boolean
  /** Where the image is read if it is in no registry yet. It then belongs to this run, and no lock pins it. */
  readonly place?: Place<ReadableRepository>
}

/** An image with its name in a registry. */
export interface ImageEntry extends WantedImage {
  /** Absent if neither `--to` nor the list gives one. */
  readonly target?: Reference
}

/** An image with its name in a bundle. The name is relative to the prefix that the bundle is loaded to. */
export interface NamedImage extends WantedImage {
  readonly name: RelativeName
}

/** Sorted by source, then by name; no two entries share a name. */
export interface ImageSet<E extends WantedImage = ImageEntry> {
  readonly images: readonly E[]
  /** When the lock of the set was made, ISO 8601; absent if the set is not from a lock. */
  readonly locked?: string
  /** Images that `--exclude` left out. */
  readonly excluded: readonly { readonly source: Reference; readonly pattern: string }[]
  /** Absent if no file of a workspace's repository names an image, or no mirror is known. */
  readonly rewrites?: readonly Rewrite[]
}

/** The digest, sizes and referrers that an image had when the lock was made. */
export interface LockedImage {
  readonly digest: Digest
  readonly mediaType: string
  /** bytes of the top manifest */
  readonly size: number
  /** bytes of all blobs of the image, each counted once */
  readonly bytes: number
  readonly referrers: readonly LockedReferrer[]
  /** Set if the lock was made with `--platform`: the platforms that are taken, and the digest that the target then has. */
  readonly filtered?: { readonly platforms: readonly string[]; readonly digest: Digest }
  /** Who had signed the image, if that was asked when the lock was made. */
  readonly verified?: Verified
}

/** The signer of an image, as a signature proves it. */
export type Verified =
  /** the SHA-256 of the public key (SubjectPublicKeyInfo) */
  | { readonly by: 'key'; readonly key: Digest }
  | { readonly by: 'identity'; readonly identity: string; readonly issuer: string }

/** A signature, attestation or SBOM that belongs to an image. */
export interface LockedReferrer extends Pick<Descriptor, 'mediaType' | 'digest' | 'size' | 'artifactType'> {
  /** the manifest that it refers to: the image, one of its children, or another referrer */
  readonly subject: Digest
  /** cosign's tag, e.g. `sha256-….sig`; absent if the registry finds the referrer by its subject */
  readonly tag?: string
}
