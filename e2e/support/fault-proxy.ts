import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  endToEnd,
  startReverseProxy,
  type Exchange,
  type ReverseProxy,
  type ReverseProxyOptions,
} from './reverse-proxy.ts'

/** What goes wrong, once per match. */
export type Fault =
  /** the answer's headers and so many bytes, then the connection is gone; `clean` ends it with FIN rather than RST */
  | { readonly kind: 'cut'; readonly after: number; readonly clean?: boolean }
  /** the answer's headers and so many bytes, then nothing */
  | { readonly kind: 'stall'; readonly after: number }
  /** not even headers */
  | { readonly kind: 'silence' }
  /** so many bytes of a request body reach the registry, then nothing moves */
  | { readonly kind: 'stall-request'; readonly after: number }
  /** so many bytes of a request body reach the registry, then the connection is gone */
  | { readonly kind: 'cut-request'; readonly after: number }
  /** 413 for bodies of more bytes, as proxies do */
  | { readonly kind: 'cap'; readonly bytes: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** one byte of the answer is another */
  | { readonly kind: 'corrupt'; readonly at: number }
  /** so many bytes more or fewer than the content has, with a Content-Length to match */
  | { readonly kind: 'length'; readonly by: number }
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | { readonly kind: 'redirect'; readonly to: (path: string) => string }
  /** the whole request is read, then the connection reset: `lost` before the registry saw it, `unanswered` after it did */
  | { readonly kind: 'reset'; readonly when: 'lost' | 'unanswered' }

export interface FaultRule {
  readonly method?: string
  readonly path: RegExp
  /** Lets so many matches pass first; default 0. */
  readonly skip?: number
  /** How often; default 1. */
  readonly times?: number
  readonly fault: Fault
}

export interface FaultProxy extends ReverseProxy {
  /** From now on these rules hold, each with its own count; the first that matches applies. */
  inject(...rules: FaultRule[]): void
  /** How many faults were dealt out since `inject`. */
  dealt(): number
}

export async function startFaultProxy(options: Omit<ReverseProxyOptions, 'intercept'>): Promise<FaultProxy> {
  let rules: { rule: FaultRule; seen: number }[] = []
  let dealt = 0
  const faultFor = (exchange: Exchange): Fault | undefined => {
    for (const entry of rules) {
      const { method, path, skip = 0, times = 1, fault } = entry.rule
      if ((method ?? exchange.method) !== exchange.method || !path.test(exchange.path)) continue
      const nth = entry.seen++
      if (nth >= skip && nth < skip + times) return fault
    }
    return undefined
  }
  const proxy = await startReverseProxy({
    ...options,
    intercept: meeting => {
      const fault = faultFor(meeting.exchange)
      if (!fault) return meeting.forward()
      dealt++
      deal(fault, meeting)
    },
  })
  return {
    ...proxy,
    inject(...next) {
      rules = next.map(rule => ({ rule, seen: 0 }))
      dealt = 0
    },
    dealt: () => dealt,
  }
}

type Meeting = Parameters<NonNullable<ReverseProxyOptions['intercept']>>[0]

function deal(fault: Fault, { request, response, forward }: Meeting): void {
  const answerWith = (answer: (upstream: IncomingMessage) => void) => forward({ answer })
  switch (fault.kind) {
    case 'cut':
      return answerWith(answer =>
        sendPart(answer, response, fault.after, () => hangUp(response, fault.clean)),
      )
    case 'stall':
      return answerWith(answer => sendPart(answer, response, fault.after, () => {}))
    case 'silence':
      return void request.resume()
    case 'stall-request':
      return forward({ bodyLimit: Math.min(fault.after, lengthOf(request) - 1) })
    case 'cut-request': {
      let left = Math.min(fault.after, lengthOf(request) - 1)
      request.on('data', (chunk: Buffer) => {
        left -= chunk.length
        if (left <= 0) hangUp(response)
      })
      return forward({ bodyLimit: left })
    }
    case 'cap':
      if (Number(request.headers['content-length'] ?? 0) <= fault.bytes) return forward()
      request.resume()
      return void response.writeHead(413, { connection: 'close' }).end()
    case 'status':
      request.resume()
      return void response.writeHead(fault.status, fault.headers).end(ERROR_BODY)
    case 'corrupt':
      return answerWith(answer =>
        sendChanged(answer, response, endToEnd(answer), body => flip(body, fault.at)),
      )
    case 'length':
      return answerWith(answer => {
        const headers = withHeader(answer, 'content-length', `${lengthOf(answer) + fault.by}`)
        sendChanged(answer, response, headers, body => resize(body, fault.by))
      })
    case 'header':
      return answerWith(answer =>
        sendChanged(answer, response, withHeader(answer, fault.name, fault.value), body => body),
      )
    case 'redirect':
      request.resume()
      return void response.writeHead(307, { location: fault.to(request.url ?? '/') }).end()
    case 'reset':
      if (fault.when === 'unanswered')
        return answerWith(answer => answer.resume().on('end', () => hangUp(response)))
      return void request.resume().on('end', () => hangUp(response))
  }
}

const ERROR_BODY = '{"errors":[{"code":"UNKNOWN","message":"injected by the test"}]}'

function hangUp(response: ServerResponse, clean = false): void {
  if (clean) response.socket?.destroySoon()
  else response.socket?.resetAndDestroy()
}

/** Headers as they are, then only the first bytes of the body, never all; `then` once they are out. */
function sendPart(answer: IncomingMessage, response: ServerResponse, bytes: number, then: () => void): void {
  response.writeHead(answer.statusCode ?? 502, endToEnd(answer)).flushHeaders()
  let left = Math.min(bytes, lengthOf(answer) - 1)
  if (left <= 0) then()
  answer.on('data', (chunk: Buffer) => {
    if (left <= 0) return
    const part = chunk.subarray(0, left)
    left -= part.length
    response.write(part, () => left <= 0 && then())
  })
}

/** Bodies here are small enough to hold. */
async function sendChanged(
  answer: IncomingMessage,
  response: ServerResponse,
  headers: string[],
  change: (body: Buffer) => Buffer,
) {
  const body = change(Buffer.concat(await answer.toArray()))
  response.writeHead(answer.statusCode ?? 502, headers).end(response.req.method === 'HEAD' ? undefined : body)
}

/** Registries and gpreg say how long their bodies are; one of unknown length has no last byte to hold back. */
function lengthOf({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? Infinity)
}

function flip(body: Buffer, at: number): Buffer {
  const changed = Buffer.from(body)
  changed[at] = changed[at]! ^ 0xff
  return changed
}

function resize(body: Buffer, by: number): Buffer {
  return by < 0 ? body.subarray(0, by) : Buffer.concat([body, Buffer.alloc(by)])
}

function withHeader(answer: IncomingMessage, name: string, value: string): string[] {
  const headers = endToEnd(answer)
  const kept = headers.filter((_, at) => headers[at - (at % 2)]!.toLowerCase() !== name.toLowerCase())
  return [...kept, name, value]
}
