import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { findEndpoint } from './endpoint.ts'

/** A loopback port that does this with the first bytes of a connection. */
async function port(onBytes: (socket: Socket) => void) {
  const server = createServer(socket => void socket.on('error', () => {}).once('data', () => onBytes(socket)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      sockets.forEach(socket => socket.destroy())
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const badRequest = 'HTTP/1.1 400 Bad Request\r\n\r\n'

describe('a loopback port', () => {
  it('that answers in plain text is plain HTTP, however late it answers within the time-out', async () => {
    await using late = await port(socket => void setTimeout(() => socket.end(badRequest), 300))
    expect((await findEndpoint(late.host, [], 10_000)).protocol).toBe('http:')
  })

  it('that does not answer within the time-out counts as HTTPS', async () => {
    await using silent = await port(() => {})
    expect((await findEndpoint(silent.host, [], 200)).protocol).toBe('https:')
  })

  it('is not asked if it is named as plain HTTP', async () => {
    await using silent = await port(() => {})
    expect((await findEndpoint(silent.host, [silent.host], 10)).href).toBe(`http://${silent.host}/v2/`)
  })
})
