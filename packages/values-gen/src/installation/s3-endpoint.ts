/**
 * The domain names of AWS partitions, by the start of the region.
 * https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
 */
const PARTITIONS: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, 'amazonaws.com.cn'],
  [/^us-isof-/, 'csp.hci.ic.gov'],
  [/^us-isob-/, 'sc2s.sgov.gov'],
  [/^us-iso-/, 'c2s.ic.gov'],
  [/^eu-isoe-/, 'cloud.adc-e.uk'],
  [/^eusc-/, 'amazonaws.eu'],
]

/**
 * The regional endpoint of S3, without a scheme. The global endpoint would not do, because the registry's driver signs requests
 * for a region, and the global endpoint refuses every region but us-east-1.
 */
export function s3Endpoint(region: string): string {
  const suffix = PARTITIONS.find(([pattern]) => pattern.test(region))?.[1] ?? 'amazonaws.com'
  return `s3.${region}.${suffix}`
}
