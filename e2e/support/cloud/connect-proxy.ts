import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

export interface ConnectProxy extends AsyncDisposable {
  /** value of `HTTPS_PROXY` */
  readonly url: string
  /** The hosts that clients asked for, as `host:port`, in order. */
  readonly wanted: readonly string[]
}

/**
 * Starts a proxy that connects real host names to servers of a test. It refuses all other hosts, so that no request
 * leaves the machine.
 * https://www.rfc-editor.org/rfc/rfc9110#CONNECT
 *
 * @param routes from `host:port` to a port of loopback
 */
export async function startConnectProxy(routes: Readonly<Record<string, number>>): Promise<ConnectProxy> {
  const wanted: string[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  }

  const server = createServer((_request, response) => void response.writeHead(403).end())
  server.on('connection', keep)
  server.on('connect', ({ url = '' }, client: Socket, head: Buffer) => {
    wanted.push(url)
    const port = routes[url]
    if (port === undefined) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client).pipe(upstream)
    })
    keep(upstream)
    upstream.on('close', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    wanted,
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), 'close')
      sockets.forEach(socket => socket.destroy())
      await closed
    },
  }
}
