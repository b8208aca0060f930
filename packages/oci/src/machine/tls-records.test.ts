import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeCertificates, type Certificates } from '../testing/index.ts'
import { recycle } from './lent-memory.ts'
import { LARGE } from './read-buffers.ts'
import { largeReads } from './socket-reads.ts'
import { recordsOf } from './tls-records.ts'

const MIB = 1024 * 1024
const RECORD = 16 * 1024
let directory: string
let certificates: Certificates

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-tls-records-'))
  certificates = await makeCertificates(directory)
})
afterAll(() => rm(directory, { recursive: true }))

/** A connection to a server that serves it as a test says. */
async function open(serve: (socket: TLSSocket) => void) {
  const server = createServer({ key: certificates.key, cert: certificates.cert }, socket => {
    // The connection may end while the server still sends.
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  // undici has the same limit for TLS.
  const options = { port, host: '127.0.0.1', ca: certificates.ca, highWaterMark: RECORD, ...largeReads }
  const socket = connect(options)
  return {
    socket,
    async [Symbol.asyncDispose]() {
      socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const soon = () => new Promise(resolve => setImmediate(resolve))

describe('a connection that stays open', () => {
  /** Receives records of these sizes, one turn's worth at a time, and reads them afterwards. */
  async function receive(limit: number, ...turns: (readonly number[])[]) {
    const socket = new Readable({ highWaterMark: limit, read: () => {} }) as Socket
    const records = recordsOf(socket)
    const sent: Buffer[] = []
    for (const sizes of turns) {
      for (const size of sizes) {
        const record = randomBytes(size)
        sent.push(record)
        const { room } = records
        if (room !== undefined) record.copy(room)
        records.take(room?.subarray(0, size) ?? record)
      }
      for (let turn = 0; turn < 10; turn++) await soon()
    }
    const received: Buffer[] = []
    for (let turn = 0; turn < 10; turn++, await soon()) {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) continue
      received.push(Buffer.from(chunk))
      recycle(chunk)
    }
    return { sent: Buffer.concat(sent), received: Buffer.concat(received) }
  }

  test('hands on what waits behind another chunk', async () => {
    const full = Array.from({ length: LARGE / RECORD }, () => RECORD)
    const { sent, received } = await receive(RECORD, [RECORD, ...full, ...full, 8000])
    expect(received.equals(sent)).toBe(true)
  })

  test('hands on what comes while the stream holds less than it may', async () => {
    const { sent, received } = await receive(4 * RECORD, [RECORD, RECORD], [RECORD, 3000], [300])
    expect(received.equals(sent)).toBe(true)
  })
})

describe('TLS records', () => {
  test('arrive joined, in memory that is used again', async () => {
    const sent = randomBytes(8 * MIB)
    await using connection = await open(socket => socket.end(sent))
    const memory = new Set<ArrayBufferLike>()
    const copies: Buffer[] = []
    let large = 0
    for await (const chunk of connection.socket as AsyncIterable<Buffer>) {
      copies.push(Buffer.from(chunk))
      if (chunk.byteLength > 16 * 1024) {
        large++
        memory.add(chunk.buffer)
      }
      recycle(chunk)
    }
    expect(Buffer.concat(copies).equals(sent)).toBe(true)
    expect(copies.length).toBeLessThan(sent.byteLength / (32 * 1024))
    expect(memory.size).toBeLessThan(large / 2)
  })

  test.each([1, 2, 3, 4, 5, 6])(
    'arrive whole and in order, whatever is sent and however it is read (%i)',
    async () => {
      const pieces = Array.from({ length: 60 }, () => randomBytes(randomInt(1, randomInt(2, 400_000))))
      await using connection = await open(async socket => {
        for (const piece of pieces) {
          if (!socket.write(piece)) await new Promise(resolve => socket.once('drain', resolve))
          if (randomInt(3) === 0) await soon()
        }
        socket.end()
      })
      const copies: Buffer[] = []
      const lent: Buffer[] = []
      for await (const chunk of connection.socket as AsyncIterable<Buffer>) {
        copies.push(Buffer.from(chunk))
        lent.push(chunk)
        // Memory is given back late, and of some chunks never.
        if (randomInt(2) === 0)
          for (const used of lent.splice(0, randomInt(1, lent.length + 1))) recycle(used)
        for (let turns = randomInt(4); turns > 0; turns--) await soon()
      }
      expect(Buffer.concat(copies).equals(Buffer.concat(pieces))).toBe(true)
    },
  )

  test('that are not recycled stay as they are', async () => {
    const sent = randomBytes(40 * MIB)
    await using connection = await open(socket => socket.end(sent))
    const chunks = await Array.fromAsync(connection.socket as AsyncIterable<Buffer>)
    expect(Buffer.concat(chunks).equals(sent)).toBe(true)
  })

  test('wait at the sender while nobody reads', async () => {
    let sent = 0
    await using connection = await open(socket => {
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024
      }
      more()
      socket.on('drain', more)
    })
    await new Promise(resolve => connection.socket.once('readable', resolve))
    let before = -1
    // The buffers of the system fill up first.
    for (let quiet = 0; quiet < 200; before = sent) {
      quiet = sent === before ? quiet + 1 : 0
      await soon()
    }
    expect(connection.socket.readableLength).toBeLessThan(MIB)
    expect(sent).toBeLessThan(64 * MIB)
  })

  test('that answer small requests are handed on at once', async () => {
    await using connection = await open(socket => socket.on('data', asked => socket.write(asked)))
    for (let round = 0; round < 50; round++) {
      connection.socket.write(`${round}`)
      const [answer] = (await new Promise(resolve =>
        connection.socket.once('data', chunk => resolve([chunk])),
      )) as [Buffer]
      expect(answer.toString()).toBe(`${round}`)
    }
  })
})
