import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ApiError } from '../api-error.ts'
import type { CallLog } from '../calls.ts'

/** How an API encodes calls and answers, and the codes of the errors that every action may return. */
export interface Protocol<Input, Output> {
  readonly service: string
  readonly contentType: string
  readonly errors: Readonly<
    Record<'refused' | 'throttled' | 'stranger' | 'failed', readonly [number, string]>
  >
  read(request: IncomingMessage, body: string): { readonly action: string; readonly input: Input }
  write(action: string, output: Output): string
  writeError(error: ApiError): string
}

export type Actions<Input, Output> = Readonly<Record<string, (input: Input) => Promise<Output>>>

export interface ApiServerOptions<Input, Output> {
  readonly protocol: Protocol<Input, Output>
  readonly actions: Actions<Input, Output>
  /** Ids of the access keys that may call. Signatures are not checked. */
  readonly callers: readonly string[]
  readonly log: CallLog
}

export interface ApiServer extends AsyncDisposable {
  /** http://127.0.0.1:port */
  readonly endpoint: string
}

const READS = /^(Get|List|Describe)/

/** Starts a fake API of AWS. It logs every call and injects the faults that the log is told to inject. */
export async function startApiServer<Input, Output>(
  options: ApiServerOptions<Input, Output>,
): Promise<ApiServer> {
  const { protocol, actions, callers, log } = options
  const errorOf = (kind: keyof typeof protocol.errors, message: string) =>
    new ApiError(...protocol.errors[kind], message)

  const run = async (action: string, input: Input): Promise<string> => {
    const work = actions[action]
    if (work === undefined) throw errorOf('failed', `${protocol.service} has no ${action} here`)
    return protocol.write(action, await work(input))
  }
  const assertKnown = ({ headers: { authorization = '' } }: IncomingMessage) => {
    const id = /Credential=([^/]+)\//.exec(authorization)?.[1]
    if (id === undefined || !callers.includes(id))
      throw errorOf('stranger', 'The security token included in the request is invalid.')
  }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { action, input } = protocol.read(request, await text(request))
    const name = `${protocol.service}:${action}`
    const { fault, done } = log.note({ name, isWrite: !READS.test(action) })
    const work = async () => {
      assertKnown(request)
      if (fault === 'refuse') throw errorOf('refused', `User is not authorized to perform: ${name}`)
      if (fault === 'throttle') throw errorOf('throttled', 'Rate exceeded')
      return run(action, input)
    }
    const [status, body] = await work().then(
      written => [200, written] as const,
      (thrown: unknown) => {
        const error = thrown instanceof ApiError ? thrown : errorOf('failed', String(thrown))
        return [error.status, protocol.writeError(error)] as const
      },
    )
    done()
    if (fault === 'cut') return void response.destroy()
    response.writeHead(status, { 'content-type': protocol.contentType }).end(body)
  }

  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), 'close')
      server.closeAllConnections()
      await closed
    },
  }
}
