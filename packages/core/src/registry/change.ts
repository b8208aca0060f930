export type Action = 'create' | 'update' | 'delete' | 'keep'

/** What is done to something in the cloud. */
export interface Change {
  /** such as `s3:bucket/gitpod-registry` */
  readonly resource: string
  readonly action: Action
  /** Why, and what is changed. */
  readonly reason: string
}
