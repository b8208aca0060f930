import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutBodyCopies } from './uncopied-bodies.ts'

/** What undici calls a dispatcher, as far as it is used here. */
interface Client {
  dispatch(request: object, handler: Handler): void
  destroy(): Promise<void>
}

interface Handler {
  onRequestStart(): void
  onResponseStart(controller: unknown, status: number): void
  onResponseData(controller: { pause(): void; resume(): void }, chunk: Buffer): void
  onResponseEnd(): void
  onResponseError(controller: unknown, error: Error): void
}

type ClientClass = new (origin: string, options: object) => Client
type Connected = (error: Error | null, socket: Duplex | null) => void

const load = createRequire(new URL('../../packages/oci/package.json', import.meta.url))
const CLIENT_H1 = load.resolve('undici/lib/dispatcher/client-h1')
const CODE = readFileSync(CLIENT_H1, 'utf8')

const clients = { shipped: clientOf(CODE), uncopied: clientOf(withoutBodyCopies(CODE)) }

const BODY = 'a'.repeat(200)
/** A body that the parser would take for the end of one response and the start of another. */
const DECEITFUL = '\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n'.repeat(3)
const sized = (body: string, head = '') =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${head}\r\n${body}`
const CHUNKED = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n14\r\n${'c'.repeat(20)}\r\n28\r\n${'d'.repeat(40)}\r\n0\r\n\r\n`
const ANSWERS: Record<string, readonly string[]> = {
  'two bodies of a known length': [sized(BODY), sized(DECEITFUL)],
  'headers after the length': [sized(BODY, `x-long: ${'b'.repeat(150)}\r\n`), sized('')],
  'pieces, and then a known length': [CHUNKED, sized(DECEITFUL)],
  'a length and pieces': [sized(BODY, 'transfer-encoding: chunked\r\n'), sized(BODY)],
  'an interim answer first': [
    `HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n${sized(BODY)}`,
    sized(DECEITFUL),
  ],
  'an end without a length': [`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${DECEITFUL}`],
  'a body that breaks off': [sized(BODY), sized(BODY).slice(0, -50)],
  'bytes that nobody asked for': [sized(BODY), `${sized(BODY)}more`],
  'two lengths': [sized(BODY, 'content-length: 10\r\n')],
  'no HTTP': ['SSH-2.0-OpenSSH_9.2\r\n'],
}

describe('withoutBodyCopies', () => {
  it.each(Object.entries(ANSWERS))('reads the same, however it arrives: %s', async (_, answers) => {
    const arrival = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 }),
      pauses: fc.boolean(),
      pipelined: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(arrival, async way => {
        expect(await read(clients.uncopied, answers, way)).toEqual(await read(clients.shipped, answers, way))
      }),
      { numRuns: 60 },
    )
  })

  it('reads bodies, and tells broken ones', async () => {
    const readNamed = (name: string) =>
      read(clients.uncopied, ANSWERS[name]!, { sizes: [50], pauses: true, pipelined: true })
    expect(await readNamed('two bodies of a known length')).toEqual([`200 ${BODY}`, `200 ${DECEITFUL}`])
    expect(await readNamed('a body that breaks off')).toEqual([`200 ${BODY}`, expect.stringContaining('ERR')])
  })

  it('copies no byte of a body but the first ones', async () => {
    const counts = { copied: 0 }
    const counted = clientOf(
      withoutBodyCopies(CODE).replace('currentBuffer.set(chunk)', '(counts.copied += chunk.length, $&)'),
      counts,
    )
    const big = 'e'.repeat(100_000)
    const [found] = await read(counted, [sized(big)], { sizes: [1000], pauses: false, pipelined: false })
    expect(found === `200 ${big}`).toBe(true)
    expect(counts.copied).toBe(1000)
  })

  it.each([
    ['no copy', CODE.replace('currentBuffer.set(chunk)', '')],
    ['two copies', `${CODE}\ncurrentBuffer.set(chunk)`],
    ['no count of bytes', CODE.replaceAll('this.bytesRead', 'this.received')],
  ])('refuses an undici with %s', (_, code) => {
    expect(() => withoutBodyCopies(code)).toThrow('undici has changed')
  })
})

/** undici's client with other code for HTTP/1.1. */
function clientOf(code: string, counts?: object): ClientClass {
  for (const path of Object.keys(load.cache)) if (path.includes('/undici/')) delete load.cache[path]
  const module = { exports: {} }
  const local = createRequire(CLIENT_H1)
  new Function('module', 'exports', 'require', '__filename', 'counts', code)(
    module,
    module.exports,
    local,
    CLIENT_H1,
    counts,
  )
  load.cache[CLIENT_H1] = { exports: module.exports, loaded: true } as NodeJS.Module
  return load('undici/lib/dispatcher/client')
}

/** How answers arrive, and how they are asked for and read. */
interface Arrival {
  /** bytes of the chunks, in turns */
  readonly sizes: readonly number[]
  /** whether the reader pauses after each chunk */
  readonly pauses: boolean
  /** whether all requests are sent before the first answer, so that a chunk may hold parts of several */
  readonly pipelined: boolean
}

/** Asks for each answer over one connection. @returns the status and the body of each answer, or the code of its error */
async function read(
  ClientOfTest: ClientClass,
  answers: readonly string[],
  { sizes, pauses, pipelined }: Arrival,
): Promise<string[]> {
  const left = [...answers]
  let isUsed = false
  const client = new ClientOfTest('http://registry.test', {
    pipelining: pipelined ? answers.length : 1,
    connect: (_: object, callback: Connected) => {
      if (isUsed) return callback(Object.assign(new Error(), { code: 'ERR_USED' }), null)
      isUsed = true
      setImmediate(() => callback(null, new AnsweringSocket(left, sizes)))
    },
  })
  const found = await Promise.all(
    answers.map(() => answerOf(client, pauses).catch((error: { code: string }) => `ERR ${error.code}`)),
  )
  await client.destroy()
  return found
}

function answerOf(client: Client, pauses: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let found = ''
    client.dispatch(
      { method: 'GET', path: '/' },
      {
        onRequestStart() {},
        onResponseStart: (_, status) => void (found = `${status} `),
        onResponseData(controller, chunk) {
          found += chunk.toString('latin1')
          if (!pauses) return
          controller.pause()
          setImmediate(() => controller.resume())
        },
        onResponseEnd: () => resolve(found),
        onResponseError: (_, error) => reject(error),
      },
    )
  })
}

/** A connection on which each request is followed by the next answer, in chunks of given sizes, and by its end after the last one. */
class AnsweringSocket extends Duplex {
  readonly #answers: string[]
  readonly #sizes: readonly number[]
  #turn = 0
  #bytes = Buffer.alloc(0)

  constructor(answers: string[], sizes: readonly number[]) {
    super({ highWaterMark: 1 })
    this.#answers = answers
    this.#sizes = sizes
  }

  override _write(_chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(this.#answers.shift() ?? '', 'latin1')])
    callback()
    this.#pushNext()
  }

  override _read(): void {
    this.#pushNext()
  }

  /** Pushes a chunk when the one before it has been read, so that none is joined with the next. */
  #pushNext(): void {
    setImmediate(() => {
      if (this.readableEnded || this.destroyed) return
      if (this.readableLength > 0) return this.#pushNext()
      const size = this.#sizes[this.#turn++ % this.#sizes.length]!
      const chunk = Buffer.from(this.#bytes.subarray(0, size))
      this.#bytes = this.#bytes.subarray(size)
      if (chunk.byteLength > 0) this.push(chunk)
      else if (this.#answers.length === 0) this.push(null)
    })
  }

  ref(): void {}
  unref(): void {}
}
