/**
 * The least that the registry's S3 driver works with.
 * https://distribution.github.io/distribution/storage-drivers/s3/#s3-permission-scopes
 *
 * The bucket is in the second statement too: Ceph holds the deletion of several objects against it, and to AWS, where no action on
 * objects ever matches a bucket, that says nothing.
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

/** `aws`, `aws-cn`, `aws-us-gov`, … as the names of what is in it say. */
export function partitionOf(arn: string | undefined): string {
  return arn?.split(':')[1] ?? 'aws'
}
