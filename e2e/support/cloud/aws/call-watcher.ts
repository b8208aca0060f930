import type { IncomingMessage } from 'node:http'
import { startReverseProxy } from '../../reverse-proxy.ts'

/** A proxy in front of an endpoint of AWS that tells of each call when it has taken effect, and before its answer is sent. */
export interface CallWatcher extends AsyncDisposable {
  /** http://127.0.0.1:port */
  readonly endpoint: string
  /** Sets what is done with each call. It says true if the answer is not to be sent. */
  onDone(act: (call: string) => boolean): void
}

export async function startCallWatcher(endpoint: string): Promise<CallWatcher> {
  let act: (call: string) => boolean = () => false
  const proxy = await startReverseProxy({
    to: new URL(endpoint),
    intercept({ exchange, request, response, forward }) {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
      forward({
        answer(upstream: IncomingMessage) {
          exchange.status = upstream.statusCode ?? 0
          if (act(`${nameOf(exchange, body)} ${exchange.status}`)) return void response.destroy()
          response.writeHead(exchange.status, upstream.headers)
          upstream.pipe(response)
        },
      })
    },
  })
  return {
    endpoint: `http://${proxy.host}`,
    onDone: next => void (act = next),
    [Symbol.asyncDispose]: proxy.stop,
  }
}

type Asked = Parameters<NonNullable<Parameters<typeof startReverseProxy>[0]['intercept']>>[0]['exchange']

/** Such as `iam:CreateUser`, `s3:PUT bucket tagging` or `s3:PUT object`. */
function nameOf({ method, path, query }: Asked, body: string): string {
  const action = path === '/' ? new URLSearchParams(body).get('Action') : null
  if (action !== null) return `iam:${action}`
  const what = path.split('/').filter(part => part !== '').length > 1 ? 'object' : 'bucket'
  const setting = [...query.keys()].filter(key => !/^(x-id|prefix|max-keys|list-type|uploadId)$/.test(key))
  return [`s3:${method}`, what, ...setting].join(' ')
}
