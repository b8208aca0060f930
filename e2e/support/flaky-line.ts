import type { IncomingMessage } from 'node:http'
import { endToEnd, startReverseProxy, type ReverseProxy } from './reverse-proxy.ts'

export interface FlakyOptions {
  /** Number of bytes in answers after which a connection is reset. */
  readonly cutEvery: number
  /** One request out of this many is answered 503. */
  readonly refuseOneIn: number
  /** Milliseconds between two answers 429. */
  readonly limitEvery: number
}

export interface FlakyLine extends ReverseProxy {
  /** Bytes of blobs that were sent to the client, including incomplete answers. */
  passed(): number
}

/** Starts a proxy that imitates a busy registry behind an unreliable line. Its faults are the same in each run. */
export async function startFlakyLine(to: URL, options: FlakyOptions): Promise<FlakyLine> {
  let [requests, sinceCut, passed] = [0, 0, 0]
  let limitedAt = performance.now()
  const proxy = await startReverseProxy({
    to,
    intercept: ({ request, response, forward }) => {
      const refuse = (status: number, headers: Record<string, string> = {}) => {
        request.resume()
        response.writeHead(status, headers).end()
      }
      if (performance.now() - limitedAt > options.limitEvery) {
        limitedAt = performance.now()
        return refuse(429, { 'retry-after': '1' })
      }
      if (++requests % options.refuseOneIn === 0) return refuse(503)
      forward({
        answer: (upstream: IncomingMessage) => {
          const blob = /\/blobs\/sha256:/.test(request.url ?? '')
          response.writeHead(upstream.statusCode ?? 502, endToEnd(upstream))
          upstream.on('data', (chunk: Buffer) => {
            if (response.destroyed) return
            sinceCut += chunk.length
            if (blob) passed += chunk.length
            if (sinceCut >= options.cutEvery) {
              sinceCut = 0
              return void response.socket?.resetAndDestroy()
            }
            if (!response.write(chunk)) {
              upstream.pause()
              response.once('drain', () => upstream.resume())
            }
          })
          upstream.on('end', () => response.end()).on('error', () => response.destroy())
        },
      })
    },
  })
  return { ...proxy, passed: () => passed }
}
