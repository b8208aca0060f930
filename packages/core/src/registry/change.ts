export type Action = 'create' | 'update' | 'delete' | 'keep'

/** A change of a cloud resource. */
export interface Change {
  /** such as `s3:bucket/gitpod-registry` */
  readonly resource: string
  readonly action: Action
  /** Why the change is needed, and what it changes. */
  readonly reason: string
}
