import type { IncomingMessage } from 'node:http'
import { endToEnd, startReverseProxy, type ReverseProxy } from './reverse-proxy.ts'

export interface FlakyOptions {
  /** The connection is reset after so many bytes of answers over it. */
  readonly cutEvery: number
  /** One request in so many is answered 503. */
  readonly refuseOneIn: number
  /** Milliseconds between one 429 and the next. */
  readonly limitEvery: number
}

export interface FlakyLine extends ReverseProxy {
  /** Bytes of blobs that went to the client, whole answers or not. */
  passed(): number
}

/** Stands before a registry that is often busy, on a line that is often cut; the same every time. */
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
