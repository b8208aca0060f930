import type { KeyObject } from 'node:crypto'
import type { AdmittedImage, Call } from '@gpreg/oci/engine'
import type { Verified } from '../gitpod/image-set.ts'

/** Who must have signed an image. */
export interface SignaturePolicy {
  /**
   * Checks that an image has a signature which the policy asks for. Nothing but the store of the image is asked.
   * @throws `signature-invalid`, also for an image that no rule names
   */
  admit(image: AdmittedImage, call: Call): Promise<Verified>
  /** Who had signed an image that was admitted before; undefined for any other. @param name as in `admit` */
  signerOf(name: string): Verified | undefined
}

/** A policy as it is checked. */
export interface Rules {
  readonly keys: readonly KeyRule[]
  readonly identities: readonly IdentityRule[]
}

/** Images whose name matches need a signature by this key, or by another key that names them. */
export interface KeyRule {
  readonly matches: (image: string) => boolean
  /** for messages */
  readonly path: string
  readonly key: KeyObject
}

/** Images that no key names need a signature by one of these identities. */
export interface IdentityRule {
  /** as written, e.g. `https://github.com/gitpod-io/gitpod/.github/workflows/*` */
  readonly identity: string
  readonly matches: (identity: string) => boolean
  /** the OpenID Connect issuer that vouches for the identity, e.g. `https://token.actions.githubusercontent.com` */
  readonly issuer: string
}
