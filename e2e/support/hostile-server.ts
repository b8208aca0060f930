import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Certificates } from '@gpreg/oci/testing'
import type { Content, Image } from './images.ts'

export type Hostility = (request: IncomingMessage, response: ServerResponse) => boolean | void

/** A server that may answer anything. It records the requests that it received. */
export interface HostileServer extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  readonly seen: {
    readonly method: string
    readonly url: string
    readonly authorization: string | undefined
  }[]
  /** number of bytes that were sent to clients */
  sent(): number
}

/** @param answer returns true if it sent an answer; otherwise `otherwise` sends it */
export async function startHostileServer(
  answer: Hostility,
  options: { readonly certificates?: Certificates; readonly otherwise?: Hostility } = {},
): Promise<HostileServer> {
  const seen: HostileServer['seen'] = []
  const sockets = new Set<Socket>()
  let sent = 0
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    seen.push({
      method: request.method!,
      url: request.url!,
      authorization: request.headers.authorization,
    })
    if (answer(request, response) === true) return
    if (options.otherwise?.(request, response) === true) return
    response.writeHead(404).end()
  }
  const { certificates } = options
  const server = certificates
    ? createHttpsServer({ cert: certificates.cert, key: certificates.key }, listener)
    : createHttpServer(listener)
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => {
      sent += socket.bytesWritten
      sockets.delete(socket)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    sent: () => sent + [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Answers as an honest registry with one image, under any tag and in any repository. */
export function honest(image: Image): Hostility {
  const contents = new Map<string, Content>()
  const add = (one: Image) => {
    for (const content of [one.manifest, ...one.blobs]) contents.set(content.digest, content)
    one.children.forEach(add)
  }
  add(image)
  return (request, response) => {
    const [, kind, name] = /\/(manifests|blobs)\/([^/?]+)(?:\?|$)/.exec(request.url!) ?? []
    if (request.url === '/v2/') response.writeHead(200).end()
    const content =
      kind === undefined
        ? undefined
        : (contents.get(name!) ?? (kind === 'manifests' ? image.manifest : undefined))
    if (content === undefined || (name!.startsWith('sha256-') && kind === 'manifests'))
      return request.url === '/v2/'
    response.writeHead(200, {
      'content-type': content.mediaType,
      'content-length': content.bytes.byteLength,
      'docker-content-digest': content.digest,
    })
    response.end(request.method === 'HEAD' ? undefined : content.bytes)
    return true
  }
}
