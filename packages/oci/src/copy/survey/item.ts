import type { SettledImages } from '../memory/settled-images.ts'
import type { Shard } from '../shard/share.ts'
import type { UnfinishedReferrers } from '../memory/unfinished-referrers.ts'
import type { GpregError } from '../../errors.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import type { Platform } from '../../model/platform.ts'
import type { Place } from '../../store/artifact.ts'
import type { Call, ReadableRepository } from '../../store/content.ts'

/** A signature, attestation or SBOM that comes along with an image. */
export interface Referrer {
  readonly descriptor: Descriptor
  readonly subject: Digest
  /** Set where it is found by a tag (cosign) rather than by its subject. */
  readonly tag?: string
}

/** A referrer that could not be copied. The image that it refers to is copied without it. */
export interface FailedReferrer {
  readonly referrer: Referrer
  readonly error: GpregError
}

/** One name to copy. */
export interface CopyItem {
  /** What the source is called in events and results. */
  readonly sourceName: string
  readonly targetName: string
  readonly source: Place<ReadableRepository>
  /** tag or digest to read */
  readonly reference: string
  readonly target: Place
  /** A tag of the source that is wanted, too, and must point at the same manifest. */
  readonly tagToo?: string
  /** Absent where the name is a digest: then the manifest is stored and no tag written. */
  readonly tag?: string
  /** Only these platforms of this index, unless the options name others. */
  readonly platforms?: readonly Platform[]
  /** What the source is known to hold; spares asking it. */
  readonly locked?: { readonly root: Descriptor; readonly referrers: readonly Referrer[] }
}

/** An image before anything of it is sent. */
export interface AdmittedImage {
  /** what the source is called */
  readonly name: string
  readonly repository: ReadableRepository
  /** the image as the source has it, before a platform filter */
  readonly digest: Digest
  /** Absent if nobody has asked the source. */
  readonly referrers?: readonly Referrer[]
}

/**
 * The blobs that a plan asks for in repositories that the target does not know:
 * - `all`: the plan is exact.
 * - `sample`: those that an interrupted copy would have sent first, and all others if one of these is there.
 * - `none`: a push finds out, and the plan says what is sent at most.
 */
export type NewRepositories = 'all' | 'sample' | 'none'

/** What is copied beside what is missing, and how fast. */
export interface CarriedContent {
  /** Bring signatures, SBOMs and other referrers along when an image is copied; default true. */
  readonly referrers?: boolean
  /** Fail an image whose referrers are not all known and copied; default false. */
  readonly requireReferrers?: boolean
  /** Look for referrers of what is up to date, too; default false. */
  readonly refreshReferrers?: boolean
  /** Look below tags that are up to date, and send what the target has lost; default false. */
  readonly repair?: boolean
  /** bytes a second of all streams together; default no limit */
  readonly limitRate?: number
}

/** How the engine copies a set. */
export interface EngineOptions extends CarriedContent {
  /** Only these platforms of every index; default all. */
  readonly platforms?: readonly Platform[]
  /** Remembers for later runs which images lack referrers; default nothing. */
  readonly unfinished?: UnfinishedReferrers
  /** What earlier copies with these options found or made at the targets; default nothing. `repair` and `refreshReferrers` do not trust it. */
  readonly settled?: SettledImages
  /** Decides if an image may be at the target, before anything is sent and also if it is up to date; throws if not. Default all may. */
  readonly admit?: (image: AdmittedImage, call: Call) => Promise<unknown>
  /** With `repair`: read back what the target has, hash it, and replace what is wrong; default false. */
  readonly deep?: boolean
  /** Give images that are named by digest alone a tag, see {@link digestTag}; default false. */
  readonly digestTags?: boolean
  /** Take foreign layers along if the source has them, too; default false. Their URLs are never fetched. */
  readonly foreignLayers?: boolean
  /** What a plan asks about repositories that the target does not know; default `all`. */
  readonly newRepositories?: NewRepositories
  /** The plan is described and never executed, so it does without the bytes of manifests; default false. */
  readonly describeOnly?: boolean
  /** Copy only the share of one of several processes, and wait for the others; default everything. Sets must be locked. */
  readonly shard?: Shard
  /** blobs at once between stores that have no budget of their own */
  readonly concurrency: number
}
