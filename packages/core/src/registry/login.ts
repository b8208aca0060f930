import type { Sensitive } from '@gpreg/oci'

/** The credentials of an S3 client. */
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
