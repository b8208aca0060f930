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

/** A service account of Google Cloud: the JSON of its key. */
export interface ServiceAccountKey {
  readonly json: Sensitive
}

/** A storage account of Azure. */
export interface StorageAccount {
  readonly accountName: string
  readonly accountKey: Sensitive
}

/** A login that ends. */
export interface ShortLogin extends Login {
  /** milliseconds since the epoch */
  readonly expiresAt: number
  /** The password is an OAuth2 refresh token, to be exchanged at the registry's token server. */
  readonly isRefreshToken?: boolean
}
