import type { ErrorSubject, OciEvent } from '@gpreg/oci'
import type { Change } from './registry/change.ts'

/** The events of gpreg: those of oci, and those of core. `type` and the fields are a contract. */
export type GpregEvent =
  | OciEvent
  | { readonly type: 'image.verified'; readonly image: string; readonly ok: boolean; readonly status: string }
  /** Something in the cloud is being changed; `change.waiting` while the cloud takes its time. */
  | ({ readonly type: 'change.started' } & Change)
  | { readonly type: 'change.waiting'; readonly resource: string; readonly state: string }
  | ({ readonly type: 'change.done' } & Change)
  /** Something is being tried, to see whether it holds. */
  | { readonly type: 'check.started'; readonly name: string }
  | {
      readonly type: 'warning'
      readonly code: WarningCode
      readonly message: string
      readonly subject?: ErrorSubject
    }

export type WarningCode =
  /** a login was kept that the registry did not ask for */
  | 'login-unproven'
  /** no source could tell which digest to expect */
  | 'expected-unknown'
  /** something in the image set was passed over */
  | 'image-skipped'
  /** the source of a list says something worth knowing */
  | 'image-set'
  /** the signature of a bundle was not checked */
  | 'bundle-unchecked'
  /** a bundle that was begun is gone on with, under the tags of then */
  | 'bundle-resumed'
  /** a differential bundle is served: some of its images are not whole */
  | 'bundle-partial'
  /** the beginning of another bundle was thrown away */
  | 'bundle-restarted'
  /** a cloud refused something that can be done without */
  | 'cloud'
