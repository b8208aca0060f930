export type Action = 'create' | 'update' | 'delete' | 'keep'

/** A change of a cloud resource. */
export interface Change {
  /** such as `s3:bucket/gitpod-registry` */
  readonly resource: string
  readonly action: Action
  /** Why, and what is changed. */
  readonly reason: string
}
