import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificates } from '@gpreg/oci/testing'

export interface HttpsServer extends AsyncDisposable {
  /** https://127.0.0.1:port */
  readonly url: string
}

export async function startHttpsServer(
  { cert, key }: Certificates,
  answer: RequestListener,
): Promise<HttpsServer> {
  const server = createServer({ cert, key }, answer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), 'close')
      server.closeAllConnections()
      await closed
    },
  }
}
