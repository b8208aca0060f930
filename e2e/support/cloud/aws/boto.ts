import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { isolatedEnvironment } from '../../gpreg.ts'
import { temporaryDirectory } from '../../temporary-directory.ts'
import { CALLER_ENV } from './aws-cloud.ts'

/** Reads calls, one a line, and answers each with a line: the answer of AWS, or the code of its error. */
const PROGRAM = `
import boto3, botocore, json, sys
clients = {}
for line in sys.stdin:
    service, operation, arguments = json.loads(line)
    if service not in clients:
        clients[service] = boto3.client(service)
    try:
        answer = getattr(clients[service], operation)(**arguments)
    except botocore.exceptions.ClientError as error:
        answer = {'error': error.response['Error']['Code']}
    answer.pop('ResponseMetadata', None)
    print(json.dumps(answer, default=str), flush=True)
`

/** The SDK of AWS for Python: a client of other authors than gpreg's, quicker to ask than the AWS CLI that is made of it. */
export interface Boto extends AsyncDisposable {
  /** Calls an operation by its Python name. @returns the answer; `{ error }` with the code of a refusal */
  call(service: 's3' | 'iam', operation: string, args?: object): Promise<any> // eslint-disable-line @typescript-eslint/no-explicit-any -- each test says what it looks at
}

/** @param python one that has boto3 */
export async function startBoto(python: string, endpoint: string, region: string): Promise<Boto> {
  const home = await temporaryDirectory()
  const more = { ...CALLER_ENV, AWS_ENDPOINT_URL: endpoint, AWS_DEFAULT_REGION: region }
  const child = spawn(python, ['-c', PROGRAM], {
    env: isolatedEnvironment(home.path, more),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    async call(service, operation, args = {}) {
      child.stdin.write(`${JSON.stringify([service, operation, args])}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`boto3 ended at ${service} ${operation}`)
      return JSON.parse(value)
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'close')
      await home[Symbol.asyncDispose]()
    },
  }
}
