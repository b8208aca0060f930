import type { Context } from '../context.ts'
import type { ErrorCode } from '../errors.ts'
import type { ImageSet } from '../gitpod/image-set.ts'
import type { Digest } from '../model/digest.ts'
import type { Platform } from '../model/platform.ts'
import type { Registries } from '../remote/registries.ts'

export interface MirrorOptions {
  /** Only these platforms of every index; default all. */
  readonly platforms?: readonly Platform[]
  /** Bring signatures and other referrers along when an image is copied; default true. */
  readonly referrers?: boolean
  /** Look for new referrers on images that are up to date, too. */
  readonly refreshReferrers?: boolean
}

export interface MirroredImage {
  readonly source: string
  readonly target: string
  /** absent where the source could not be read */
  readonly digest?: Digest
  readonly status: 'copied' | 'up-to-date' | 'failed'
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string }
}

/** The answer of `gpreg mirror --json`. */
export interface MirrorResult {
  readonly kind: 'MirrorResult'
  readonly version: 1
  readonly images: readonly MirroredImage[]
  readonly totals: {
    readonly images: number
    readonly copied: number
    readonly upToDate: number
    readonly failed: number
    readonly blobs: { readonly unique: number; readonly sent: number; readonly mounted: number; readonly present: number }
    /** blob bytes; `sent` is what was put on the wire to the target, repeats included */
    readonly bytes: { readonly unique: number; readonly sent: number; readonly mounted: number; readonly present: number }
    readonly requests: { readonly source: number; readonly target: number }
    readonly retries: number
    readonly seconds: number
  }
}

/** The answer of `gpreg mirror --dry-run --json`. */
export interface MirrorPlan {
  readonly kind: 'MirrorPlan'
  readonly version: 1
  readonly images: readonly {
    readonly source: string
    readonly target: string
    readonly digest?: Digest
    readonly status: 'to-copy' | 'up-to-date' | 'failed'
    /** bytes of blobs: to send, to mount and already there; a blob that several images share is sent by the first */
    readonly send: number
    readonly mount: number
    readonly present: number
    readonly error?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string }
  }[]
  readonly totals: {
    readonly images: number
    readonly toCopy: number
    readonly upToDate: number
    readonly failed: number
    readonly blobs: { readonly unique: number; readonly send: number; readonly mount: number; readonly present: number }
    readonly bytes: { readonly unique: number; readonly send: number; readonly mount: number; readonly present: number }
  }
  /** Docker Hub counts manifest reads; absent where Docker Hub is not a source. `left` is null where it does not say. */
  readonly dockerHub?: { readonly pullsNeeded: number; readonly pullsLeft: number | null }
}

/** Copies the set into its targets. Failures of single images are in the result; what stops everything is thrown. */
export declare function mirrorImages(set: ImageSet, registries: Registries, options: MirrorOptions, context: Context): Promise<MirrorResult>

/** What {@link mirrorImages} would do. */
export declare function planMirror(set: ImageSet, registries: Registries, options: MirrorOptions, context: Context): Promise<MirrorPlan>
