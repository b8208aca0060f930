import { GetBucketTaggingCommand, PutBucketTaggingCommand, type S3Client } from '@aws-sdk/client-s3'
import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { call, unless } from '../api/call.ts'
import { belongsTo, formatTags, hasTag, installationOf, MANAGED, type Tag } from '../names.ts'
import { isBegun, type BucketOptions } from './bucket.ts'

/** The tags that name the bucket's installation. A put replaces all tags, so the existing ones are read first. */
export class BucketTags implements Resource {
  readonly name: string
  readonly #options: BucketOptions

  constructor(options: BucketOptions) {
    this.name = `s3:bucket-tags/${options.bucket}`
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { s3, bucket, installation } = this.#options
    const tags = await tagsOf(context, s3, bucket)
    this.#assertNotOthers(tags)
    // A bucket that is missing will be made by gpreg.
    const isOurs = tags === undefined || (await isBegun(this.#options))
    const wanted = [belongsTo(installation), ...(isOurs ? [MANAGED] : [])]
    const missing = wanted.filter(tag => !hasTag(tags, tag))
    if (missing.length === 0) return keep('says whose it is')
    return {
      action: 'update',
      reason: `adds ${formatTags(missing)}`,
      make: async () => {
        const others = (tags ?? []).filter(tag => !missing.some(({ Key }) => Key === tag.Key))
        const command = new PutBucketTaggingCommand({
          Bucket: bucket,
          Tagging: { TagSet: [...others, ...missing] },
        })
        const about = { resource: this.name, permission: 's3:PutBucketTagging' }
        await call(context, about, options => s3.send(command, options))
      },
    }
  }

  /** Refuses a bucket of another installation: two registries in one directory collect each other's blobs, and `destroy` goes by the tags. */
  #assertNotOthers(tags: readonly Tag[] | undefined): void {
    const { bucket, installation } = this.#options
    const owner = installationOf(tags)
    if (owner === undefined || owner === installation) return
    throw new GpregError('name-taken', `the bucket ${bucket} belongs to the installation ${owner}`, {
      resource: this.name,
      hint: `choose another with --bucket, or give --installation ${owner}`,
    })
  }
}

/** The tags of a bucket; undefined if there is no bucket. S3 answers with an error if there are no tags. */
export async function tagsOf(
  context: Context,
  s3: S3Client,
  bucket: string,
): Promise<readonly Tag[] | undefined> {
  const about = { resource: `s3:bucket-tags/${bucket}`, permission: 's3:GetBucketTagging' }
  const command = new GetBucketTaggingCommand({ Bucket: bucket })
  return call(context, about, options =>
    unless(
      ['NoSuchBucket'],
      unless(['NoSuchTagSet', 'NoSuchTagSetError'], s3.send(command, options)).then(setOf),
    ),
  )
}

const setOf = (answer: { readonly TagSet?: readonly object[] | undefined } | undefined): readonly Tag[] =>
  (answer?.TagSet ?? []) as Tag[]
