import { isolatedEnvironment } from '../../gpreg.ts'
import { runProcess } from '../../process.ts'
import { temporaryDirectory } from '../../temporary-directory.ts'
import { CALLER_ENV } from './aws-cloud.ts'
import { ADMIN, type AccessKey } from './radosgw.ts'

export interface AwsCliOptions {
  readonly endpoint: string
  readonly region?: string
  /** The access key of the caller; default: the account's. */
  readonly key?: AccessKey
}

export interface AwsCliRun {
  readonly stdout: string
  readonly stderr: string
  /** code of the error that the run ended with */
  readonly code: string | undefined
  /** Parses the stdout of a successful run. Some versions print nothing for an answer without members. */
  json<T = any>(): T // eslint-disable-line @typescript-eslint/no-explicit-any -- each test says what it looks at
}

/** Runs the AWS CLI. This client is independent of gpreg and sees no settings of the machine's user. */
export async function awsCli(
  { endpoint, region = 'us-east-1', key = ADMIN }: AwsCliOptions,
  ...args: string[]
): Promise<AwsCliRun> {
  await using home = await temporaryDirectory()
  const env = isolatedEnvironment(home.path, {
    ...CALLER_ENV,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    // The gateway does not support the checksums that newer clients add by default.
    AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
    AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
  })
  const given = ['--output', 'json', '--endpoint-url', endpoint, ...args]
  const { exitCode, stdout, stderr } = await runProcess('aws', given, { env })
  return {
    stdout,
    stderr,
    code: /An error occurred \((\w+)\)/.exec(stderr)?.[1],
    json() {
      if (exitCode !== 0) throw new Error(`aws ${args.join(' ')} ended with ${exitCode}:\n${stderr}`)
      return JSON.parse(stdout || '{}')
    },
  }
}
