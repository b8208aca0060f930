import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand,
  type LifecycleRule,
} from '@aws-sdk/client-s3'
import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep } from '@gpreg/core/provider'
import type { BucketOptions } from './bucket.ts'
import { call, unless } from '../api/call.ts'
import { REGISTRY_PREFIX } from '../names.ts'

const ALL_BLOCKED = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
} as const

/** A setting of the bucket. */
interface Setting {
  readonly title: string
  /** True if S3 servers other than AWS have the setting, too. */
  readonly everywhere: boolean
  inspect(bucket: BucketOptions, resource: string, context: Context): Promise<Inspection>
}

const publicAccess: Setting = {
  title: 'public-access-block',
  everywhere: false,
  async inspect({ s3, bucket: Bucket }, resource, context) {
    const looking = { resource, permission: 's3:GetBucketPublicAccessBlock' }
    const command = new GetPublicAccessBlockCommand({ Bucket })
    const none = ['NoSuchPublicAccessBlockConfiguration', 'NoSuchBucket']
    const answer = await call(context, looking, options => unless(none, s3.send(command, options)))
    const found = answer?.PublicAccessBlockConfiguration
    const open = (Object.keys(ALL_BLOCKED) as (keyof typeof ALL_BLOCKED)[]).filter(key => !found?.[key])
    if (open.length === 0) return keep('blocks all public access')
    return {
      action: 'update',
      reason: `sets ${open.join(', ')}`,
      make: async () => {
        const about = { resource, permission: 's3:PutBucketPublicAccessBlock' }
        const put = new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: ALL_BLOCKED })
        await call(context, about, options => s3.send(put, options))
      },
    }
  },
}

/** Encryption that is set up already, for example with KMS, is kept. */
const encryption: Setting = {
  title: 'encryption',
  everywhere: false,
  async inspect({ s3, bucket: Bucket }, resource, context) {
    const looking = { resource, permission: 's3:GetEncryptionConfiguration' }
    const command = new GetBucketEncryptionCommand({ Bucket })
    const none = ['ServerSideEncryptionConfigurationNotFoundError', 'NoSuchBucket']
    const answer = await call(context, looking, options => unless(none, s3.send(command, options)))
    const [rule] = answer?.ServerSideEncryptionConfiguration?.Rules ?? []
    const algorithm = rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm
    if (algorithm !== undefined) return keep(`encrypts with ${algorithm}`)
    return {
      action: 'update',
      reason: 'encrypts with keys of S3 (AES256)',
      make: async () => {
        const about = { resource, permission: 's3:PutEncryptionConfiguration' }
        const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }]
        const put = new PutBucketEncryptionCommand({
          Bucket,
          ServerSideEncryptionConfiguration: { Rules },
        })
        await call(context, about, options => s3.send(put, options))
      },
    }
  },
}

const INCOMPLETE: LifecycleRule = {
  ID: 'gpreg-incomplete-uploads',
  Status: 'Enabled',
  Filter: { Prefix: REGISTRY_PREFIX },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
}

/** Every push deletes its temporary upload, which a bucket with versions keeps for ever as a noncurrent version. */
const NONCURRENT: LifecycleRule = {
  ID: 'gpreg-noncurrent-versions',
  Status: 'Enabled',
  Filter: { Prefix: REGISTRY_PREFIX },
  NoncurrentVersionExpiration: { NoncurrentDays: 7 },
}

/** The removal of parts of broken-off pushes, because AWS charges for them. A put replaces all rules, so the existing rules are read first. */
const lifecycle: Setting = {
  title: 'lifecycle',
  everywhere: true,
  async inspect({ s3, bucket: Bucket }, resource, context) {
    const looking = { resource, permission: 's3:GetLifecycleConfiguration' }
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket })
    const none = ['NoSuchLifecycleConfiguration', 'NoSuchBucket']
    const answer = await call(context, looking, options => unless(none, s3.send(command, options)))
    const found = answer?.Rules ?? []
    const versions = await hasVersions({ s3, bucket: Bucket }, resource, context)
    const wanted = [INCOMPLETE, ...(versions ? [NONCURRENT] : [])]
    const missing = wanted.filter(rule => !found.some(({ ID }) => ID === rule.ID))
    if (missing.length === 0) return keep('collects uploads that broke off')
    const old = found.filter(({ Filter }) => Filter === undefined).length
    const rewritten =
      old === 0 ? '' : `, and writes ${old} of them with filters, as S3 takes no mixture of forms`
    return {
      action: 'update',
      reason: `adds ${missing.map(rule => rule.ID).join(', ')} to ${found.length} rules${rewritten}`,
      make: async () => {
        const about = { resource, permission: 's3:PutLifecycleConfiguration' }
        const Rules = [...found.map(withFilter), ...missing]
        const put = new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })
        await call(context, about, options => s3.send(put, options))
      },
    }
  },
}

/** A rule of the first form, which has its prefix beside its actions, in the form of today. https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html */
function withFilter({ Prefix = '', Filter = { Prefix }, ...rule }: LifecycleRule): LifecycleRule {
  return { ...rule, Filter }
}

async function hasVersions(
  { s3, bucket }: Pick<BucketOptions, 's3' | 'bucket'>,
  resource: string,
  context: Context,
): Promise<boolean> {
  const about = { resource, permission: 's3:GetBucketVersioning' }
  const command = new GetBucketVersioningCommand({ Bucket: bucket })
  const answer = await call(context, about, options => unless(['NoSuchBucket'], s3.send(command, options)))
  return answer?.Status !== undefined
}

/** Why a bucket can be used without the setting. */
export const NOT_NEEDED = 'the registry works without it'

/** All settings of the bucket. On S3 that is not AWS's, settings that only AWS has are left out, and the list of changes says so. */
export function bucketSettings(bucket: BucketOptions): Resource[] {
  return [publicAccess, encryption, lifecycle].map(({ title, everywhere, inspect }) => {
    const name = `s3:${title}/${bucket.bucket}`
    const leftOut = bucket.isForeign && !everywhere
    return {
      name,
      inspect: async (context: Context) =>
        leftOut
          ? keep('left out: not every S3 has it, and some break with it')
          : inspect(bucket, name, context),
    }
  })
}
