import { DeleteBucketCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep } from '@gpreg/core/provider'
import { call, unless } from '../api/call.ts'
import { belongsTo, hasTag, MANAGED } from '../names.ts'
import { isBegun, OF_BUCKET, type BucketOptions } from './bucket.ts'
import { tagsOf } from './bucket-tags.ts'

/** The absence of the bucket. Only an empty bucket that gpreg made is removed. */
export class BucketRemoval implements Resource {
  readonly name: string
  readonly #options: BucketOptions

  constructor(options: BucketOptions) {
    this.name = OF_BUCKET + options.bucket
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { s3, bucket, journal } = this.#options
    const looking = { resource: this.name, permission: 's3:ListBucketVersions' }
    const list = new ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: 1 })
    const found = await call(context, looking, options => unless(['NoSuchBucket'], s3.send(list, options)))
    if (found === undefined) return keep(`is not there${await this.#others()}`)
    if (!(await this.#isOurs(context))) return keep('gpreg did not make it')
    if ([...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])].length > 0)
      return keep(contentReason(bucket))
    const about = { resource: this.name, permission: 's3:DeleteBucket' }
    const command = new DeleteBucketCommand({ Bucket: bucket })
    return {
      action: 'delete',
      reason: 'gpreg made it, and it is empty',
      make: async () => {
        await call(context, about, options => unless(['NoSuchBucket'], s3.send(command, options)))
        // A later bucket of this name may be somebody else's.
        const begun = (await journal.get('begun')) ?? []
        await journal.write({ begun: begun.filter(name => name !== this.name), refused: undefined })
      },
    }
  }

  /** What to say of a bucket that gpreg made by another name, because a run without `--bucket` would leave it unsaid. */
  async #others(): Promise<string> {
    const begun = (await this.#options.journal.get('begun')) ?? []
    const others = begun.filter(name => name.startsWith(OF_BUCKET)).map(name => name.slice(OF_BUCKET.length))
    return others.map(bucket => `; gpreg made ${bucket}, too: --bucket ${bucket} removes it`).join('')
  }

  /** By its tags; where there are none, because the S3 has no tags, by the vault. */
  async #isOurs(context: Context): Promise<boolean> {
    const { s3, bucket, installation } = this.#options
    if (await isBegun(this.#options)) return true
    const tags = await tagsOf(context, s3, bucket)
    return hasTag(tags, MANAGED) && hasTag(tags, belongsTo(installation))
  }
}

/** Versions and delete markers remain in a bucket with versions after its objects were removed, and keep it from being removed. */
function contentReason(bucket: string): string {
  const versions = `aws s3api list-object-versions --bucket ${bucket} --max-items 1000 --query '{Objects: [Versions,DeleteMarkers][][].{Key: Key, VersionId: VersionId}}'`
  return `holds objects: aws s3 rm s3://${bucket} --recursive; or versions and delete markers of objects: aws s3api delete-objects --bucket ${bucket} --delete "$(${versions})", as often as there are any; then run this again`
}
