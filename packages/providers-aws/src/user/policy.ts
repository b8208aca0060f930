/**
 * The fewest permissions that the registry's S3 driver works with.
 * https://distribution.github.io/distribution/storage-drivers/s3/#s3-permission-scopes
 *
 * The second statement names the bucket, too: Ceph checks the deletion of several objects against the bucket. On AWS that has no
 * effect, because its actions on objects never match a bucket.
 */
export function bucketPolicy(bucket: string, partition: string): object {
  const arn = `arn:${partition}:s3:::${bucket}`
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
        Resource: arn,
      },
      {
        Effect: 'Allow',
        Action: [
          's3:PutObject',
          's3:GetObject',
          's3:DeleteObject',
          's3:ListMultipartUploadParts',
          's3:AbortMultipartUpload',
        ],
        Resource: [arn, `${arn}/*`],
      },
    ],
  }
}

/** The buckets that a policy names, each once. */
export function bucketsOf(policy: unknown): readonly string[] {
  const arns = JSON.stringify(policy ?? null).matchAll(/"arn:[^:"]*:s3:::([^/*"]+)/g)
  return [...new Set([...arns].map(([, bucket]) => bucket!))]
}

/** The partition in a resource name: `aws`, `aws-cn`, `aws-us-gov`, … */
export function partitionOf(arn: string | undefined): string {
  return arn?.split(':')[1] ?? 'aws'
}
