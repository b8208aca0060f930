import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'

export interface ScriptedProxy {
  /** `127.0.0.1:port` */
  readonly address: string
  /** Every request so far: its method, its target and its `Proxy-Authorization`. */
  readonly seen: readonly {
    readonly method: string
    readonly target: string
    readonly login: string | undefined
  }[]
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A loopback HTTP proxy. Tunnels lead to the port of a map of `host:port`, so that tests need no names in DNS; everything else gets the
 * status.
 * @param tls the certificate of the proxy itself, PEM
 */
export async function scriptedProxy(
  status: number,
  tunnels: Readonly<Record<string, number>> = {},
  tls?: { readonly cert: string; readonly key: string },
): Promise<ScriptedProxy> {
  const seen: { method: string; target: string; login: string | undefined }[] = []
  const sockets = new Set<Socket>()
  const note = (method = '', target = '', login?: string) => void seen.push({ method, target, login })
  const answer: RequestListener = (request, response) => {
    note(request.method, request.url, request.headers['proxy-authorization'])
    request.resume()
    response.writeHead(status).end()
  }
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  server.on('connect', (request, socket: Socket) => {
    note('CONNECT', request.url, request.headers['proxy-authorization'])
    const port = tunnels[request.url ?? '']
    if (port === undefined) return void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    const host = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(host).pipe(socket)
    })
    for (const [one, other] of [
      [socket, host],
      [host, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
