import { GpregError } from '@gpreg/oci'

/** What old buckets of AWS and those of other stores may be called; new ones of AWS only have lower case, digits, dots and hyphens. */
const BUCKET = /^[A-Za-z0-9][\w.-]{0,254}$/

/**
 * Refuses what no bucket can be called, such as its URL or ARN.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 * @throws `usage`
 */
export function assertBucket(text: string): void {
  if (BUCKET.test(text)) return
  const [, name = ''] = /^(?:[a-z0-9]+:\/\/|arn:[\w-]+:s3:::)?([^/]*)/i.exec(text) ?? []
  throw new GpregError('usage', `${JSON.stringify(text)} is no name of a bucket`, {
    hint: `write the name alone, ${BUCKET.test(name) ? name : 'such as gitpod-registry'}; endpoint and region have flags of their own`,
  })
}
