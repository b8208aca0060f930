import type { ErrorSubject, GpregError, Side } from './errors.ts'
import type { Digest } from './model/digest.ts'

/**
 * What happens while content is copied. `type` and the fields are a contract; there is no text to rely on.
 * Images are named by their target (`host/repository:tag`), blobs by digest. Sizes are bytes, times milliseconds.
 */
export type OciEvent =
  /** Planning starts; `images` is the number of target names. */
  | { readonly type: 'plan.started'; readonly images: number }
  /** One target name has been planned. */
  | { readonly type: 'plan.image'; readonly image: string; readonly upToDate: boolean }
  /** The plan is complete; `bytes` are to be sent. */
  | { readonly type: 'plan.done'; readonly images: number; readonly blobs: number; readonly bytes: number }
  /** The first blob of an image is on its way. */
  | { readonly type: 'image.started'; readonly image: string; readonly bytes: number }
  | {
      readonly type: 'image.copied'
      readonly image: string
      readonly source: string
      readonly digest: Digest
    }
  | {
      readonly type: 'image.up-to-date'
      readonly image: string
      readonly source: string
      readonly digest: Digest
    }
  | {
      readonly type: 'image.failed'
      readonly image: string
      readonly source: string
      readonly error: GpregError
    }
  /** A signature or another referrer of an image could not be copied; the image goes on without it. */
  | {
      readonly type: 'referrer.failed'
      readonly image: string
      readonly source: string
      /** of the referrer */
      readonly digest: Digest
      readonly error: GpregError
    }
  /** A blob is on its way; `image` is the first of the images that wait for it. */
  | {
      readonly type: 'blob.started'
      readonly digest: Digest
      readonly size: number
      readonly image: string
    }
  /** `bytes` more of this blob went to the target; negative when a broken upload starts over. */
  | { readonly type: 'blob.progress'; readonly digest: Digest; readonly bytes: number }
  | { readonly type: 'blob.sent'; readonly digest: Digest; readonly size: number }
  /** A blob that was planned to be sent turned out to be present. */
  | { readonly type: 'blob.present'; readonly digest: Digest; readonly size: number }
  | { readonly type: 'blob.mounted'; readonly digest: Digest; readonly repository: string }
  /** A blob of a shard that has stalled: this process is going to send it. */
  | { readonly type: 'blob.taken-over'; readonly digest: Digest; readonly size: number }
  | { readonly type: 'blob.failed'; readonly digest: Digest; readonly error: GpregError }
  /** A request or a transfer is tried again after `delay`. */
  | {
      readonly type: 'retry'
      readonly operation: string
      readonly attempt: number
      readonly delay: number
      readonly error: GpregError
    }
  /** The pull quota of a host is used up. It is asked again after `left` milliseconds; the event repeats every minute. */
  | { readonly type: 'quota.waiting'; readonly host: string; readonly left: number }
  /** A host asked for a pause, and all requests to it wait; the event repeats every minute. */
  | {
      readonly type: 'host.waiting'
      readonly host: string
      readonly left: number
      /** milliseconds since the epoch */
      readonly until: number
      /** the answer that asked for the pause */
      readonly reason: string
    }
  | {
      readonly type: 'warning'
      readonly code: WarningCode
      readonly message: string
      readonly subject?: ErrorSubject
    }
  /** One HTTP request has ended; `status` is 0 if no answer came. */
  | {
      readonly type: 'request'
      readonly side: Side
      readonly host: string
      readonly method: string
      readonly path: string
      readonly status: number
    }

export type WarningCode =
  /** the registry said something in a `Warning` header */
  | 'registry-warning'
  /** a platform filter made a new index */
  | 'platform-filtered'
  /** a registry refused to mount a blob of another repository, so blobs are sent instead */
  | 'mount-refused'
  /** an image without an index is for another platform than was asked for */
  | 'platform-missing'
  /** an image named by digest could not be given a tag, so a garbage collection may take it */
  | 'digest-untagged'
  /** signatures or referrers were left out, and why */
  | 'referrers-left-out'
  /** a registry answered the question for referrers with something else than a list */
  | 'referrers-unlisted'
  /** another shard has sent nothing for a long time */
  | 'shard-stalled'
  /** blobs that other shards wait for could not be sent */
  | 'share-unsent'
  /** foreign layers are not in the registry and were not copied */
  | 'foreign-layer'
  /** a credential file was passed over */
  | 'credentials-skipped'
  /** a certificate file was passed over */
  | 'certificate-skipped'
  /** a server keeps its certificate, because the new one cannot be used */
  | 'certificate-kept'
  /** a directory for what outlives a run cannot be written; the message says what is lost */
  | 'not-kept'

export type EventSink<E = OciEvent> = (event: E) => void
