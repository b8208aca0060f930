import { startReverseProxy, type ReverseProxy } from '../../reverse-proxy.ts'
import { CallLog } from '../calls.ts'
import { startIamServer, type IamServer } from './iam-server.ts'
import { ADMIN, type RadosGateway } from './radosgw.ts'

/**
 * A fake AWS account: a real S3 gateway, and a fake IAM whose keys are valid at the gateway. Every call is logged and may
 * fail.
 */
export interface AwsCloud extends AsyncDisposable {
  readonly s3: string
  readonly iam: string
  readonly users: IamServer['users']
  readonly log: CallLog
  /** All requests to S3, of any client. */
  readonly front: ReverseProxy
  /** The environment that lets the built command find the account. */
  readonly env: Readonly<Record<string, string>>
}

/** The only identity of the command and its clients: the machine's user has no influence. */
export const CALLER_ENV = {
  AWS_ACCESS_KEY_ID: ADMIN.accessKeyId,
  AWS_SECRET_ACCESS_KEY: ADMIN.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
}

const NO_BODY = { HEAD: true } as Readonly<Record<string, boolean>>

export async function startAwsCloud(gateway: RadosGateway): Promise<AwsCloud> {
  const log = new CallLog()
  const used = new Map<string, Date>()
  const s3 = await startReverseProxy({
    to: new URL(gateway.endpoint),
    intercept({ exchange, request, response, forward }) {
      const { method } = exchange
      const setting = [...exchange.query.keys()].find(key => !/^(x-id|prefix|max-keys|list-type)$/.test(key))
      const caller = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1]
      // Only calls with the administrator's key are logged. Other keys were created in the test.
      if (caller !== ADMIN.accessKeyId) {
        if (caller !== undefined) used.set(caller, new Date())
        return forward()
      }
      const isWrite = method !== 'GET' && method !== 'HEAD'
      const { fault, done } = log.note({
        name: `s3:${method}${setting === undefined ? '' : ` ?${setting}`}`,
        isWrite,
      })
      const refuse = (status: number, code: string) =>
        void response
          .writeHead(status, { 'content-type': 'application/xml' })
          .end(
            NO_BODY[method]
              ? undefined
              : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
          )
      if (fault === 'refuse') return refuse(403, 'AccessDenied')
      if (fault === 'throttle') return refuse(503, 'SlowDown')
      forward({
        answer(upstream) {
          exchange.status = upstream.statusCode ?? 0
          done()
          if (fault === 'cut') return void response.destroy()
          response.writeHead(upstream.statusCode ?? 502, upstream.headers)
          upstream.pipe(response)
        },
      })
    },
  })
  const iam = await startIamServer({
    gateway,
    callers: [ADMIN.accessKeyId],
    log,
    lastUse: id => used.get(id),
  })
  return {
    s3: `http://${s3.host}`,
    iam: iam.endpoint,
    users: iam.users,
    log,
    front: s3,
    env: CALLER_ENV,
    async [Symbol.asyncDispose]() {
      await iam[Symbol.asyncDispose]()
      await s3.stop()
    },
  }
}
