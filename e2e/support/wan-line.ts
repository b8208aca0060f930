import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** What a line is like. */
export interface WanOptions {
  /** milliseconds */
  readonly roundTrip: number
  /** bytes a second of one connection, towards the client */
  readonly perConnection: number
  /** bytes a second of all connections, towards the client */
  readonly inAll: number
}

export interface WanLine extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  /** bytes that went to the client */
  passed(): number
  /** connections that brought at least so many bytes to the client */
  carriers(bytes: number): number
}

/** No chunk is longer than this, so that connections share the line fairly. */
const SLICE = 64 * 1024

/** A wide area network to a port of loopback: late, narrow for each connection, and not endless for all of them. */
export async function startWanLine(to: URL, options: WanOptions): Promise<WanLine> {
  const sockets = new Set<Socket>()
  const line = { freeAt: 0 }
  const connections: { freeAt: number; passed: number }[] = []

  /** Waits for a turn of so many bytes on something that gives so many a second. */
  const turn = (owner: { freeAt: number }, bytes: number, rate: number): number =>
    (owner.freeAt = Math.max(owner.freeAt, performance.now()) + (bytes / rate) * 1000)

  const down = async (from: Socket, into: Socket) => {
    const own = { freeAt: 0, passed: 0 }
    connections.push(own)
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += SLICE) {
        const slice = chunk.subarray(at, at + SLICE)
        const due = Math.max(
          turn(own, slice.length, options.perConnection),
          turn(line, slice.length, options.inAll),
        )
        const wait = due - performance.now()
        if (wait > 1) await new Promise(resolve => setTimeout(resolve, wait))
        own.passed += slice.length
        if (!into.write(slice))
          await new Promise(resolve => into.once('drain', resolve).once('close', resolve))
        if (into.destroyed) return void from.destroy()
      }
    }
    into.end()
  }

  const server = createServer({ noDelay: true }, near => {
    const far = connect({ port: Number(to.port), host: to.hostname, noDelay: true })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    }
    // Requests are small: the whole round trip is spent on their way.
    near.on('data', (chunk: Buffer) => setTimeout(() => far.write(chunk), options.roundTrip))
    near.on('end', () => setTimeout(() => far.end(), options.roundTrip))
    near.on('close', () => far.destroy())
    down(far, near).catch(() => near.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed: () => connections.reduce((total, { passed }) => total + passed, 0),
    carriers: bytes => connections.filter(({ passed }) => passed >= bytes).length,
    async [Symbol.asyncDispose]() {
      server.close()
      sockets.forEach(socket => socket.destroy())
    },
  }
}
