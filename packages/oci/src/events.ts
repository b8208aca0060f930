import type { ErrorSubject, GpregError, Side } from './errors.ts'
import type { Digest } from './model/digest.ts'
import type { Change } from './registry/resource.ts'

/**
 * What happens while gpreg works. `type` and the fields are a contract; there is no text to rely on.
 * Images are named by their target (`host/repository:tag`), blobs by digest. Sizes are bytes, times milliseconds.
 */
export type GpregEvent =
  /** Planning starts: so many target names to look at. */
  | { readonly type: 'plan.started'; readonly images: number }
  /** One more name has been looked at. */
  | { readonly type: 'plan.image'; readonly image: string; readonly upToDate: boolean }
  /** The plan stands; these bytes are to be sent. */
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
  | { readonly type: 'image.verified'; readonly image: string; readonly ok: boolean; readonly status: string }
  | { readonly type: 'blob.started'; readonly digest: Digest; readonly size: number }
  /** `bytes` more of this blob went to the target; negative when a broken upload starts over. */
  | { readonly type: 'blob.progress'; readonly digest: Digest; readonly bytes: number }
  | { readonly type: 'blob.sent'; readonly digest: Digest; readonly size: number }
  /** A blob that was to be sent turned out to be there. */
  | { readonly type: 'blob.present'; readonly digest: Digest; readonly size: number }
  | { readonly type: 'blob.mounted'; readonly digest: Digest; readonly repository: string }
  | { readonly type: 'blob.failed'; readonly digest: Digest; readonly error: GpregError }
  /** Something in the cloud is being changed; `change.waiting` while the cloud takes its time. */
  | ({ readonly type: 'change.started' } & Change)
  | { readonly type: 'change.waiting'; readonly resource: string; readonly state: string }
  | ({ readonly type: 'change.done' } & Change)
  /** Something is being tried, to see whether it holds. */
  | { readonly type: 'check.started'; readonly name: string }
  /** A request or a transfer is tried again after `delay`. */
  | {
      readonly type: 'retry'
      readonly operation: string
      readonly attempt: number
      readonly delay: number
      readonly error: GpregError
    }
  /** Nothing is left of what a host lets be pulled; it is asked again when `left` is over. Told every minute. */
  | { readonly type: 'quota.waiting'; readonly host: string; readonly left: number }
  | {
      readonly type: 'warning'
      readonly code: WarningCode
      readonly message: string
      readonly subject?: ErrorSubject
    }
  /** One HTTP exchange is over; `status` 0 where no answer came. */
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
  /** signatures or referrers were left out, and why */
  | 'referrers-left-out'
  /** foreign layers are not in the registry and were not copied */
  | 'foreign-layer'
  /** a credential file was passed over */
  | 'credentials-skipped'
  /** a login was kept that the registry did not ask for */
  | 'login-unproven'
  /** no source could tell which digest to expect */
  | 'expected-unknown'
  /** something in the image set was passed over */
  | 'image-skipped'
  /** the source of a list says something worth knowing */
  | 'image-set'
  /** nobody checked who made a bundle, or whether it is whole */
  | 'bundle-unchecked'
  /** a bundle that was begun is gone on with, under the tags of then */
  | 'bundle-resumed'
  /** a differential bundle is served: some of its images are not whole */
  | 'bundle-partial'
  /** the beginning of another bundle was thrown away */
  | 'bundle-restarted'
  /** a cloud refused something that can be done without */
  | 'cloud'

export type EventSink = (event: GpregEvent) => void
