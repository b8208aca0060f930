import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { describe, expect, it } from 'vitest'
import { dispatch } from './response.ts'
import { sendRequest } from './request.ts'

/** A server, what asks it, and how many connections it has seen. */
async function open(answer: RequestListener) {
  let connections = 0
  const server = createServer(answer).on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const dispatcher = new Agent({ connections: 1 })
  const abort = new AbortController()
  return {
    abort,
    connections: () => connections,
    /** Settles when undici has told everybody of a connection that is gone. */
    disconnected: once(dispatcher, 'disconnect'),
    get: () => dispatch(dispatcher, { origin: url.origin, path: '/', method: 'GET' }, abort.signal),
    head: () =>
      sendRequest(
        { method: 'HEAD', url, scopes: [], expect: [200] },
        { url, connection: { dispatcher }, authorization: undefined, signal: abort.signal },
      ),
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Some of a body, and never the rest. */
const half: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': 2000 }).write(Buffer.alloc(1000))
}

describe('a response', () => {
  it('leaves its connection to the next request, also after a HEAD', async () => {
    await using server = await open((_request, response) => response.writeHead(200).end('body'))
    for (const ask of [server.head, server.get, server.head, server.head]) await (await ask()).body.dump()
    expect(server.connections()).toBe(1)
  })

  it('arrives whole however slowly it is read', async () => {
    const bytes = Buffer.alloc(3_000_000, 'slow')
    await using server = await open((_request, response) => response.end(bytes))
    const chunks: Uint8Array[] = []
    for await (const chunk of (await server.get()).body) {
      chunks.push(chunk)
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
  })

  it('fails as interrupted whatever the reason of the signal is, before its head and after it', async () => {
    await using silent = await open(() => {})
    const asked = silent.get()
    silent.abort.abort('enough')
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    await expect(silent.get()).rejects.toMatchObject({ code: 'aborted' })

    await using stuck = await open(half)
    const { body } = await stuck.get()
    const read = Array.fromAsync(body)
    stuck.abort.abort(new DOMException('enough', 'TimeoutError'))
    await expect(read).rejects.toMatchObject({ code: 'aborted' })
  })

  it('that broke before it was read yields the received bytes, then throws its error', async () => {
    await using server = await open((_request, response) => {
      half(_request, response)
      setImmediate(() => response.destroy())
    })
    const { body } = await server.get()
    await server.disconnected
    expect((await body.next()).value).toHaveLength(1000)
    await expect(body.next()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
    await body.dump()
  })

  it('that is dumped is not read to its end if it is long', async () => {
    let sent = 0
    await using server = await open((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024
      }
      more()
      response.on('drain', more)
    })
    await (await server.get()).body.dump()
    expect(sent).toBeLessThan(50_000_000)
  })
})
