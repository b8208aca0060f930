import type { Sensitive } from './sensitive.ts'

/** What a registry knows a client by. */
export interface Login {
  readonly username: string
  readonly password: Sensitive
}

/** What S3 knows a client by. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: Sensitive
}
