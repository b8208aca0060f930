import type { Digest } from '@gpreg/oci'
import type { Verified } from '../gitpod/image-set.ts'

/** What documents of gpreg say together, for a change ticket. All of it comes from the documents, so it is the same whenever it is made. */
export interface Report {
  readonly title: string
  /** who made the change, if that was given */
  readonly by?: string
  /** the newest moment that a document names, ISO 8601 */
  readonly date?: string
  /** prefixes that images were copied to or verified at, sorted */
  readonly targets: readonly string[]
  /** the runs that the documents tell of, oldest first */
  readonly runs: readonly ReportedRun[]
  /** sorted by target, then by source */
  readonly images: readonly ReportedImage[]
  /** the files of bundles */
  readonly files: readonly ReportedFile[]
  readonly totals: ReportTotals
}

/** One document: a run of a command, or what one wrote down. */
export interface ReportedRun {
  /** the path of the document */
  readonly document: string
  /** `copy` is mirror or bundle load, `failed` the answer of a command that ended with an error */
  readonly action: 'lock' | 'copy' | 'save' | 'verify' | 'verify-deep' | 'receipt' | 'bundle' | 'failed'
  readonly images: number
  /** images with a problem */
  readonly bad: number
  /** bytes that were sent, or read back by a deep verification */
  readonly bytes?: number
  readonly seconds?: number
  /** why the command ended early */
  readonly error?: ReportedProblem
  readonly tool?: string
  /** ISO 8601, as `finished`; a document of one moment has only `finished` */
  readonly started?: string
  readonly finished?: string
}

/** The last that is known of an image. */
export type ImageState =
  | 'verified'
  | 'verified-deep'
  | 'copied'
  | 'up-to-date'
  | 'held'
  | 'saved'
  | 'listed'
  | 'failed'
  | 'missing'
  | 'different'
  | 'incomplete'
  | 'unreadable'

export interface ReportedImage {
  /** normalised reference; absent if no document names it */
  readonly source?: string
  /** full name at the target, or in a bundle if the documents name no target; absent if no document names either */
  readonly target?: string
  readonly digest?: Digest
  readonly platforms: readonly string[]
  /** bytes of all configs and layers */
  readonly size?: number
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[]
  readonly created?: string
  readonly licenses?: string
  readonly purpose?: string
  /** why the image is there */
  readonly origins: readonly string[]
  /** Signatures, attestations and SBOMs; undefined if no document looked for them. */
  readonly referrers?: readonly { readonly digest: Digest; readonly type: string }[]
  /** Who had signed the image, if a document says that this was checked for this digest. */
  readonly signer?: Verified
  readonly state: ImageState
  /** False if the state is a problem. */
  readonly isGood: boolean
  /** The digest at the target before; null if there was none, undefined if no document knows. */
  readonly before?: Digest | null
  /** The digest at the target afterwards, as `before`. */
  readonly after?: Digest | null
  /** bytes of the copies */
  readonly bytes?: { readonly sent: number; readonly mounted: number; readonly present: number }
  /** the last copy: the host or bundle that was read, and when, ISO 8601 */
  readonly copy?: { readonly from: string; readonly started: string; readonly finished: string }
  /** What went wrong since it was last all right; the first is the cause, later ones may follow from it. */
  readonly problems: readonly ReportedProblem[]
}

export interface ReportedProblem {
  readonly message: string
  readonly hint?: string
}

export interface ReportedFile {
  readonly name: string
  readonly size: number
  /** hex; absent if only `bundle inspect` told of the file */
  readonly sha256?: string
}

export interface ReportTotals {
  readonly images: number
  /** images without a problem */
  readonly good: number
  readonly bad: number
  readonly bytes: {
    /** of all images, as if nothing were shared */
    readonly images: number
    /** each blob once */
    readonly unique: number
    /** of the copies; zero if no document tells of a copy */
    readonly sent: number
    readonly mounted: number
    readonly present: number
  }
  /** seconds of the copies; absent if no document tells of a copy */
  readonly seconds?: number
}

const GOOD: ReadonlySet<ImageState> = new Set([
  'verified',
  'verified-deep',
  'copied',
  'up-to-date',
  'held',
  'saved',
  'listed',
])

export function isGoodState(state: ImageState): boolean {
  return GOOD.has(state)
}
