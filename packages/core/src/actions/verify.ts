import type { Context } from '../context.ts'
import type { ErrorCode } from '../errors.ts'
import type { ImageSet } from '../gitpod/image-set.ts'
import type { Digest } from '../model/digest.ts'
import type { Platform } from '../model/platform.ts'
import type { Registries } from '../remote/registries.ts'

export interface VerifyOptions {
  /** Read every byte back and hash it. */
  readonly deep?: boolean
  readonly platforms?: readonly Platform[]
  /** Also prove that the signatures and referrers of the lock are there; default true. */
  readonly referrers?: boolean
}

export interface VerifyProblem {
  /** e.g. `not-found`, `digest-mismatch` */
  readonly code: ErrorCode
  readonly message: string
  /** The content that is wrong, where it is not the image itself. */
  readonly digest?: Digest
}

export interface VerifiedImage {
  readonly target: string
  /** what the lock or the source says; null where neither can tell */
  readonly expected: Digest | null
  readonly found: Digest | null
  readonly status: 'ok' | 'missing' | 'different' | 'incomplete' | 'unreadable'
  readonly problems: readonly VerifyProblem[]
}

/** The answer of `gpreg verify --json`. */
export interface VerifyResult {
  readonly kind: 'VerifyResult'
  readonly version: 1
  readonly images: readonly VerifiedImage[]
  readonly totals: {
    readonly images: number
    readonly ok: number
    readonly missing: number
    readonly different: number
    readonly incomplete: number
    readonly unreadable: number
    /** manifests and blobs looked at, each once a repository */
    readonly checked: number
    /** bytes read back by `deep` */
    readonly bytes: number
    readonly seconds: number
  }
}

/** Walks every image under its target name: tag, manifests, configs, layers. */
export declare function verifyImages(set: ImageSet, registries: Registries, options: VerifyOptions, context: Context): Promise<VerifyResult>
