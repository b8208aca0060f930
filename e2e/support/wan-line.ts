import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** The properties of a line. */
export interface WanOptions {
  /** milliseconds */
  readonly roundTrip: number
  /** bytes a second for one connection, towards the client */
  readonly perConnection: number
  /** bytes a second for all connections together, towards the client */
  readonly inAll: number
}

export interface WanLine extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  /** number of bytes that were sent to the client */
  passed(): number
  /** number of connections that carried at least this many bytes to the client */
  countCarrying(bytes: number): number
}

/** Maximum length of a chunk. Short chunks let connections share the line fairly. */
const SLICE = 64 * 1024

/**
 * Starts a proxy that imitates a wide area network: latency, a limit for each connection, and a limit for all
 * connections.
 */
export async function startWanLine(to: URL, options: WanOptions): Promise<WanLine> {
  const sockets = new Set<Socket>()
  const line = { freeAt: 0 }
  const connections: { freeAt: number; passed: number }[] = []

  /** Time at which a connection (or the line) with this rate has sent all its waiting bytes, including these ones. */
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
    // The whole round trip is spent on the request, because requests are small.
    near.on('data', (chunk: Buffer) => setTimeout(() => far.write(chunk), options.roundTrip))
    near.on('end', () => setTimeout(() => far.end(), options.roundTrip))
    near.on('close', () => far.destroy())
    down(far, near).catch(() => near.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed: () => connections.reduce((total, { passed }) => total + passed, 0),
    countCarrying: bytes => connections.filter(({ passed }) => passed >= bytes).length,
    async [Symbol.asyncDispose]() {
      server.close()
      sockets.forEach(socket => socket.destroy())
    },
  }
}
