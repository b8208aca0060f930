import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A proxy to a port that limits the bytes a second in each direction, for all connections together. */
export interface SlowLine extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
}

const SLICE = 50

export async function startSlowLine(to: URL, bytesPerSecond: number): Promise<SlowLine> {
  const sockets = new Set<Socket>()
  const pass = async (from: Socket, into: Socket, budget: { free: number }) => {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      // Each chunk is delayed until the line is free.
      budget.free = Math.max(budget.free, performance.now()) + (chunk.byteLength / bytesPerSecond) * 1000
      const wait = budget.free - performance.now()
      if (wait > SLICE) await sleep(wait)
      if (!into.write(chunk)) await drained(into)
    }
    into.end()
  }
  const [up, down] = [{ free: 0 }, { free: 0 }]
  const server = createServer(near => {
    const far = connect(Number(to.port), to.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    }
    pass(near, far, up).catch(() => far.destroy())
    pass(far, near, down).catch(() => near.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      sockets.forEach(socket => socket.destroy())
    },
  }
}

/** Resolves when the socket accepts more bytes or is closed. */
function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
