import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ScriptedServer {
  /** `127.0.0.1:port` */
  readonly host: string
  /** Every request so far, in order. */
  readonly seen: readonly {
    readonly method: string
    readonly url: string
    readonly headers: IncomingMessage['headers']
  }[]
  [Symbol.asyncDispose](): Promise<void>
}

/** A loopback HTTP server with the responses of a test, also such as no real registry gives. */
export async function scriptedServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<ScriptedServer> {
  const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = []
  const server: Server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    void answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
