import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  HeadBucketCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep, type VaultJournal } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { call, unless } from '../api/call.ts'
import { awsError } from '../api/errors.ts'
import { assertBucketName, type AwsJournalEntry } from '../names.ts'

export interface BucketOptions {
  readonly s3: S3Client
  readonly bucket: string
  readonly region: string
  readonly installation: string
  /** true for S3 that is not AWS's, such as Ceph, because it has neither regions nor object ownership */
  readonly isForeign: boolean
  readonly journal: VaultJournal<AwsJournalEntry>
}

/** How the vault's journal names a bucket. */
export const OF_BUCKET = 's3:bucket/'

/** The region that takes no constraint. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
const FIRST_REGION = 'us-east-1'

/** The bucket. An existing bucket is kept as it is. */
export class Bucket implements Resource {
  readonly name: string
  readonly #options: BucketOptions

  constructor(options: BucketOptions) {
    this.name = OF_BUCKET + options.bucket
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

/** Whether gpreg began to create the bucket, by the vault. */
export async function isBegun({ journal, bucket }: BucketOptions): Promise<boolean> {
  const begun = await journal.get('begun')
  return begun?.includes(OF_BUCKET + bucket) ?? false
}
