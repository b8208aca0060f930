import type { Digest, ErrorSubject, OciEvent } from '@gpreg/oci'
import type { Change } from './registry/change.ts'

/** The events of gpreg: those of oci, and those of core. `type` and the fields are a contract with programs that use gpreg. */
export type GpregEvent =
  | OciEvent
  | { readonly type: 'image.verified'; readonly image: string; readonly ok: boolean; readonly status: string }
  /** Content is going to be read and hashed, of a bundle: `bytes` in all, if that is known. */
  | { readonly type: 'read.started'; readonly bytes?: number }
  /** `bytes` more were read and hashed, of a bundle or of a registry. */
  | { readonly type: 'read.progress'; readonly bytes: number }
  /** The registry of the target is asked to fetch an image by itself; `image.copied` or `image.failed` follows. */
  | {
      readonly type: 'image.importing'
      readonly image: string
      readonly source: string
      readonly digest: Digest
    }
  /** A cloud resource is being changed; `change.waiting` comes while the cloud has not finished the change. */
  | ({ readonly type: 'change.started' } & Change)
  | { readonly type: 'change.waiting'; readonly resource: string; readonly state: string }
  | ({ readonly type: 'change.done' } & Change)
  /** A check of a registry starts. */
  | { readonly type: 'check.started'; readonly name: string }
  | {
      readonly type: 'warning'
      readonly code: WarningCode
      readonly message: string
      readonly subject?: ErrorSubject
    }

export type WarningCode =
  /** a login was stored untested, because the registry asks for no login */
  | 'login-unproven'
  /** the digest that an image should have could not be found out */
  | 'expected-unknown'
  /** an entry of an input has no usable image name and was skipped, or it is in doubt what it means */
  | 'image-skipped'
  /** a file or document among the inputs is none that is read here, and was passed over */
  | 'input-skipped'
  /** an exclude pattern matches nothing, or the catalogue does not have the very release */
  | 'image-set'
  /** a Helm chart was read without helm, which renders it, or a part of it is not there */
  | 'chart'
  /** the signature of a bundle was not checked */
  | 'bundle-unchecked'
  /** an unfinished bundle is continued, with the digests that its tags had when it was started */
  | 'bundle-resumed'
  /** a differential bundle is served, so some of its images are not complete */
  | 'bundle-partial'
  /** an unfinished other bundle of the same name was removed */
  | 'bundle-restarted'
  /** a cloud refused an optional step */
  | 'cloud'
  /** the registry did not fetch an image by itself, so it is copied */
  | 'not-server-side'
  /** a request to `gpreg serve` failed because of its own storage */
  | 'request-failed'
