/** Names as Gitpod's Terraform modules give them, so that either finds what the other made. https://github.com/gitpod-io/gitpod/blob/main/install/infra/modules/eks/storage.tf */
export const bucketName = (installation: string): string => `reg-bucket-${installation}`
export const userName = (installation: string): string => `registry-user-${installation}`

export const USER_PATH = '/gpreg/'
export const POLICY_NAME = 'gpreg-registry-bucket'

/** On what gpreg made. */
export const MANAGED = { Key: 'gpreg:managed', Value: 'true' }
/** On what belongs to an installation, whoever made it. */
export const belongsTo = (installation: string): Tag => ({ Key: 'gpreg:installation', Value: installation })

export interface Tag {
  readonly Key: string
  readonly Value: string
}

type FoundTags = readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]

export function hasTag(tags: FoundTags | undefined, { Key, Value }: Tag): boolean {
  return tags?.some(tag => tag.Key === Key && tag.Value === Value) ?? false
}

/** Where the registry keeps everything, as long as its chart names no other directory. */
export const REGISTRY_PREFIX = 'docker/registry/v2/'
