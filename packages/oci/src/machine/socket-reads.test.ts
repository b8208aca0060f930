import { randomBytes } from 'node:crypto'
import { createServer, connect, type AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { recycle } from './lent-memory.ts'
import { largeReads } from './socket-reads.ts'

const SENT = randomBytes(6 * 1024 * 1024)

/** Reads what a server sends over a new connection. @param onChunk is called with every chunk */
async function receive(onChunk: (chunk: Buffer) => void): Promise<void> {
  const server = createServer(socket => socket.end(SENT))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  for await (const chunk of connect({ port, host: '127.0.0.1', ...largeReads })) onChunk(chunk)
  await new Promise(resolve => server.close(resolve))
}

describe('reads of a socket', () => {
  test('arrive whole if every chunk is recycled after its use', async () => {
    const copies: Buffer[] = []
    for (let round = 0; round < 3; round++) {
      await receive(chunk => {
        copies.push(Buffer.from(chunk))
        recycle(chunk)
      })
    }
    expect(Buffer.concat(copies).equals(Buffer.concat([SENT, SENT, SENT]))).toBe(true)
  })

  test('use memory again after it was recycled', async () => {
    const memory = new Set<ArrayBufferLike>()
    let large = 0
    await receive(chunk => {
      if (chunk.buffer.byteLength < 256 * 1024) return
      large++
      memory.add(chunk.buffer)
      recycle(chunk)
    })
    expect(large).toBeGreaterThan(4)
    expect(memory.size).toBeLessThan(large / 2)
  })

  test('stay as they are while nobody recycles them', async () => {
    const chunks: Buffer[] = []
    for (let round = 0; round < 10; round++) await receive(chunk => chunks.push(chunk))
    const sent = Buffer.concat(Array.from({ length: 10 }, () => SENT))
    expect(Buffer.concat(chunks).equals(sent)).toBe(true)
  })

  test('keep their memory until the last part is recycled', async () => {
    const kept: { readonly part: Buffer; readonly copy: Buffer }[] = []
    await receive(chunk => {
      const part = chunk.subarray(0, chunk.byteLength >> 1)
      kept.push({ part, copy: Buffer.from(part) })
      recycle(part)
    })
    for (const { part, copy } of kept) expect(part.equals(copy)).toBe(true)
  })

  test('leave other memory alone', () => {
    const bytes = Buffer.from('not read from a socket')
    recycle(bytes)
    expect(bytes.toString()).toBe('not read from a socket')
  })
})
