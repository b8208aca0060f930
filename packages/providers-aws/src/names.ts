import { GpregError } from '@gpreg/oci'

/** The names that Gitpod's Terraform modules give, so that gpreg and the modules find each other's resources. https://github.com/gitpod-io/gitpod/blob/main/install/infra/modules/eks/storage.tf */
export const bucketName = (installation: string): string => `reg-bucket-${installation}`
export const userName = (installation: string): string => `registry-user-${installation}`

/** @throws `usage`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function assertBucketName(bucket: string): void {
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(bucket)
  const isName = /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/.test(bucket) && !bucket.includes('..')
  if (isName && !isAddress) return
  throw new GpregError('usage', `${bucket} cannot be the name of a bucket`, {
    hint: 'give --bucket 3 to 63 small letters, digits, hyphens and dots; without it the name is reg-bucket-INSTALLATION',
  })
}

/** @throws `usage`. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html */
export function assertUserName(user: string): void {
  if (/^[\w+=,.@-]{1,64}$/.test(user)) return
  throw new GpregError('usage', `${user} cannot be the name of an IAM user`, {
    hint: 'give --installation at most 50 letters, digits and +=,.@_-',
  })
}

export const USER_PATH = '/gpreg/'
export const POLICY_NAME = 'gpreg-registry-bucket'

/** The tag on every resource that gpreg made. */
export const MANAGED = { Key: 'gpreg:managed', Value: 'true' }
const INSTALLATION = 'gpreg:installation'
/** The tag on every resource of an installation, including those that gpreg did not make. */
export const belongsTo = (installation: string): Tag => ({ Key: INSTALLATION, Value: installation })
/** The installation that the tags name; undefined if they name none. */
export const installationOf = (tags: FoundTags | undefined): string | undefined =>
  tags?.find(({ Key }) => Key === INSTALLATION)?.Value

export interface Tag {
  readonly Key: string
  readonly Value: string
}

/** Tags as plans show them: `gpreg:managed=true, …` */
export const formatTags = (tags: readonly Tag[]): string =>
  tags.map(({ Key, Value }) => `${Key}=${Value}`).join(', ')

type FoundTags = readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]

export function hasTag(tags: FoundTags | undefined, { Key, Value }: Tag): boolean {
  return tags?.some(tag => tag.Key === Key && tag.Value === Value) ?? false
}

/** The directory of the registry in its bucket, which is the default of the registry's chart. */
export const REGISTRY_PREFIX = 'docker/registry/v2/'

/**
 * Entries of the vault's journal: `begun` has the resources that gpreg began to create, `keys-before` the ids of the access keys
 * that existed before gpreg began to create another one, `superseded` the ids of replaced access keys, `refused` the settings that
 * the S3 does not have.
 */
export type AwsJournalEntry = 'begun' | 'keys-before' | 'superseded' | 'refused'
