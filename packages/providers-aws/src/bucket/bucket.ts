import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep, type VaultJournal } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { call, unless } from '../api/call.ts'
import { awsError } from '../api/errors.ts'
import {
  assertBucketName,
  belongsTo,
  formatTags,
  hasTag,
  installationOf,
  MANAGED,
  type AwsJournalEntry,
  type Tag,
} from '../names.ts'

export interface BucketOptions {
  readonly s3: S3Client
  readonly bucket: string
  readonly region: string
  readonly installation: string
  /** true for S3 that is not AWS's, such as Ceph, because it has neither regions nor object ownership */
  readonly isForeign: boolean
  readonly journal: VaultJournal<AwsJournalEntry>
}

/** The region that takes no constraint. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
const FIRST_REGION = 'us-east-1'

/** The bucket. An existing bucket is kept as it is. */
export class Bucket implements Resource {
  readonly name: string
  readonly #options: BucketOptions

  constructor(options: BucketOptions) {
    this.name = `s3:bucket/${options.bucket}`
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { bucket, region, isForeign } = this.#options
    const found = await this.#head(context)
    if (found === undefined) {
      if (!isForeign) assertBucketName(bucket)
      const reason = `for the blobs of the in-cluster registry, in ${isForeign ? 'the S3 given' : region}`
      return { action: 'create', reason, make: () => this.#create(context) }
    }
    if (isForeign || found === region) return keep('is there')
    throw this.#elsewhereError(found)
  }

  /** The bucket's region; undefined if there is no bucket. An answer to HEAD has no body, so its status and headers decide. */
  async #head(context: Context): Promise<string | undefined> {
    const { s3, bucket, region } = this.#options
    const about = { resource: this.name, permission: 's3:ListBucket' }
    return call(context, about, async options => {
      try {
        const found = await s3.send(new HeadBucketCommand({ Bucket: bucket }), options)
        return found.BucketRegion ?? region
      } catch (thrown) {
        const { $metadata, $response } = thrown as HeadFailure
        const elsewhere = $response?.headers?.['x-amz-bucket-region']
        if ($metadata?.httpStatusCode === 404) return undefined
        if ($metadata?.httpStatusCode === 301 && elsewhere !== undefined) return elsewhere
        // S3 refuses a name that no bucket can have without a word.
        if ($metadata?.httpStatusCode === 400) assertBucketName(bucket)
        const error = awsError(thrown, about)
        if (error.code !== 'forbidden') throw error
        throw error.with({
          hint: `if the bucket is somebody else's, choose another with --bucket; if not, ${error.hint}`,
        })
      }
    })
  }

  async #create(context: Context): Promise<void> {
    const { s3, bucket, region, isForeign, journal } = this.#options
    // Written before the call, because `destroy` removes only buckets that gpreg began to create.
    await journal.write({ begun: [...((await journal.get('begun')) ?? []), this.name] })
    const about = { resource: this.name, permission: 's3:CreateBucket' }
    const plain = isForeign || region === FIRST_REGION
    const command = new CreateBucketCommand({
      Bucket: bucket,
      ...(plain
        ? {}
        : { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } }),
      // The registry's driver sends an ACL with every object, which a bucket with ACLs off may refuse.
      ...(isForeign ? {} : { ObjectOwnership: 'BucketOwnerPreferred' }),
    })
    await call(context, about, async options => {
      await unless(['BucketAlreadyOwnedByYou'], s3.send(command, options))
    }).catch((error: GpregError) => {
      if (error.code !== 'name-taken') throw error
      throw error.with({ hint: 'names of buckets are shared by everybody: choose another with --bucket' })
    })
  }

  #elsewhereError(found: string): GpregError {
    const { bucket, region } = this.#options
    return new GpregError('usage', `the bucket ${bucket} is in ${found}, not in ${region}`, {
      resource: this.name,
      hint: `give --region ${found}, or another --bucket`,
    })
  }
}

interface HeadFailure {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

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

/** The absence of the bucket. Only an empty bucket that gpreg made is removed. */
export class BucketRemoval implements Resource {
  readonly name: string
  readonly #options: BucketOptions

  constructor(options: BucketOptions) {
    this.name = `s3:bucket/${options.bucket}`
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { s3, bucket, journal } = this.#options
    const looking = { resource: this.name, permission: 's3:ListBucketVersions' }
    const list = new ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: 1 })
    const found = await call(context, looking, options => unless(['NoSuchBucket'], s3.send(list, options)))
    if (found === undefined) return keep('is not there')
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

/** Whether gpreg began to create the bucket, by the vault. */
async function isBegun({ journal, bucket }: BucketOptions): Promise<boolean> {
  const begun = await journal.get('begun')
  return begun?.includes(`s3:bucket/${bucket}`) ?? false
}

/** The tags of a bucket; undefined if there is no bucket. S3 answers with an error if there are no tags. */
async function tagsOf(context: Context, s3: S3Client, bucket: string): Promise<readonly Tag[] | undefined> {
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
