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
  [/^/, 'amazonaws.com'],
]

/**
 * The regional endpoint of S3, without a scheme. The global endpoint would not do, because the registry's driver signs requests
 * for a region, and the global endpoint refuses every region but us-east-1.
 */
export function s3Endpoint(region: string): string {
  const suffix = PARTITIONS.find(([pattern]) => pattern.test(region))![1]
  return `s3.${region}.${suffix}`
}

/** What the installer's chart always wants of the store behind the in-cluster registry. */
export const CHART_DEMANDS =
  'the in-cluster registry talks to this by https alone, and has every blob encrypted by the store (AES256)'

/** True if an endpoint (`host[:port]`) is one of AWS. */
export function isAwsEndpoint(endpoint: string): boolean {
  const host = hostOf(endpoint)
  return PARTITIONS.some(([, suffix]) => host === suffix || host.endsWith(`.${suffix}`))
}

/**
 * True if an AWS host is the endpoint of a region. Every AWS endpoint contains its region, except the two oldest, which are those
 * of us-east-1. https://docs.aws.amazon.com/general/latest/gr/s3.html
 */
export function servesRegion(host: string, region: string): boolean {
  return (
    host
      .split('.')
      .some(label => label === region || (label.startsWith('s3-') && label.endsWith(`-${region}`))) ||
    (region === 'us-east-1' && (host === 's3.amazonaws.com' || host === 's3-external-1.amazonaws.com'))
  )
}

/**
 * The sign by which an S3 endpoint surely or most likely has no https: its scheme, its port, or a name that only the cluster or
 * the host itself knows; undefined if there is none. No certificate authority vouches for such names.
 */
export function plainHttpSign(endpoint: string): string | undefined {
  if (/^http:\/\//i.test(endpoint)) return 'http://'
  const [host, port] = [hostOf(endpoint), /:(\d+)(?:\/|$)/.exec(endpoint.replace(SCHEME, ''))?.[1]]
  if (port === '80') return 'port 80'
  if (port === '443' || SCHEME.test(endpoint)) return undefined
  if (/\.svc(?:\.|$)/.test(host)) return 'a Service of the cluster'
  if (/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(host)) return 'loopback'
  return /^[a-z0-9-]+$/.test(host) ? 'a name without a dot' : undefined
}

/** True if the store is most likely MinIO, which refuses to encrypt unless it has a KMS. https://min.io/docs/minio/linux/operations/server-side-encryption.html */
export function isMinio(endpoint: string): boolean {
  return /minio/.test(hostOf(endpoint)) || /:9000(?:\/|$)/.test(endpoint)
}

const SCHEME = /^[a-z]+:\/\//i

function hostOf(endpoint: string): string {
  return endpoint
    .replace(SCHEME, '')
    .replace(/[/?].*/s, '')
    .replace(/:\d*$/, '')
    .toLowerCase()
}
