import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { ECRClient } from '@aws-sdk/client-ecr'
import type { IAMClient } from '@aws-sdk/client-iam'
import type { S3Client } from '@aws-sdk/client-s3'
import type { AccessKey } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { unifyProxies } from '@gpreg/oci/engine'

export interface AwsClientOptions {
  readonly region: string
  /** of `~/.aws/config`; default: as the SDK searches */
  readonly profile?: string
  /** URL of S3 that is not AWS's: MinIO, Ceph */
  readonly s3Endpoint?: string
  /** URL of an IAM that belongs to that S3 */
  readonly iamEndpoint?: string
  /** PEM of all authorities to trust, the usual ones included */
  readonly ca?: readonly string[]
}

/** The clients of the AWS SDK. A test or an application can give its own. */
export interface AwsClients {
  readonly s3: S3Client
  readonly iam: IAMClient
  /** a client of S3 that signs with this key */
  s3With(key: AccessKey): S3Client
}

/** Loads the SDK. @throws `usage` for an endpoint that is no URL and for a proxy that cannot be used */
export async function createAwsClients(options: AwsClientOptions): Promise<AwsClients> {
  assertEndpoints(options)
  const [{ S3Client }, { IAMClient }, common] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-iam'),
    commonConfig(options),
  ])
  const s3 = {
    ...common,
    followRegionRedirects: true,
    ...(options.s3Endpoint === undefined ? {} : foreignS3(options.s3Endpoint)),
  }
  return {
    s3: new S3Client(s3),
    iam: new IAMClient({
      ...common,
      ...(options.iamEndpoint === undefined ? {} : { endpoint: options.iamEndpoint }),
    }),
    s3With: ({ accessKeyId, secretAccessKey }) =>
      new S3Client({ ...s3, credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() } }),
  }
}

/** Loads the SDK. @throws `usage` for a proxy that cannot be used */
export async function createEcrClient(options: AwsClientOptions): Promise<ECRClient> {
  const [{ ECRClient }, config] = await Promise.all([import('@aws-sdk/client-ecr'), commonConfig(options)])
  return new ECRClient(config)
}

type Endpoints = Pick<AwsClientOptions, 's3Endpoint' | 'iamEndpoint'>

/** @throws `usage` for an endpoint that is no URL */
export function assertEndpoints({ s3Endpoint, iamEndpoint }: Endpoints): void {
  for (const endpoint of [s3Endpoint, iamEndpoint]) assertEndpoint(endpoint)
}

/** `s3.internal:9000` would be read as a URL with the scheme `s3.internal`. */
function assertEndpoint(endpoint: string | undefined): void {
  if (endpoint === undefined) return
  const url = URL.parse(endpoint)
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/') return
  throw new GpregError('usage', `${JSON.stringify(endpoint)} is not the URL of an endpoint`, {
    hint: 'write the scheme, too, and no path: https://s3.internal:9000',
  })
}

async function commonConfig({ region, profile, ca }: AwsClientOptions) {
  unifyProxies(process.env)
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers')
  return {
    region,
    credentials: fromNodeProviderChain({
      clientConfig: { region },
      ...(profile === undefined ? {} : { profile }),
    }),
    // core retries: it announces each retry, obeys an abort, and leaves out calls that must not run twice.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 20_000,
      requestTimeout: 60_000,
      // The SDK knows no proxies, so Node's agent reads HTTPS_PROXY.
      httpAgent: new HttpAgent({ keepAlive: true, proxyEnv: process.env }),
      httpsAgent: new HttpsAgent({ keepAlive: true, proxyEnv: process.env, ...(ca ? { ca: [...ca] } : {}) }),
    },
  }
}

/** Other S3 servers have no virtual hosts for buckets, and few know the checksums that the SDK adds by default. */
function foreignS3(endpoint: string) {
  return {
    endpoint,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const
}
