import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  endToEnd,
  startReverseProxy,
  type Exchange,
  type ReverseProxy,
  type ReverseProxyOptions,
} from './reverse-proxy.ts'

/** A fault that hits one request. */
export type Fault =
  /** the connection ends after the headers and this many bytes of the answer, by FIN if `clean`, else by RST */
  | { readonly kind: 'cut'; readonly after: number; readonly clean?: boolean }
  /** the answer stops after the headers and this many bytes */
  | { readonly kind: 'stall'; readonly after: number }
  /** the answer never starts */
  | { readonly kind: 'silence' }
  /** the request starts at the given time (default: at once) and stops after this many bytes of its body */
  | { readonly kind: 'stall-request'; readonly after: number; readonly start?: Promise<void> }
  /** the connection ends after this many bytes of the request's body */
  | { readonly kind: 'cut-request'; readonly after: number }
  /** request bodies above this many bytes are answered 413, as proxies do */
  | { readonly kind: 'cap'; readonly bytes: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** the byte at this position of the answer is changed */
  | { readonly kind: 'corrupt'; readonly at: number }
  /** the answer has this many bytes more (or fewer) than the content, and a matching Content-Length */
  | { readonly kind: 'length'; readonly by: number }
  /** the whole content is sent below a Content-Length that is this many bytes too large (or too small) */
  | { readonly kind: 'lie'; readonly by: number }
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | { readonly kind: 'redirect'; readonly to: (path: string) => string }
  /**
   * the whole request is read, then the connection is reset: `lost` before the registry received it, `unanswered` after
   * that
   */
  | { readonly kind: 'reset'; readonly when: 'lost' | 'unanswered' }

export interface FaultRule {
  readonly method?: string
  readonly path: RegExp
  /** Number of matching requests that pass before the first fault; default 0. */
  readonly skip?: number
  /** Number of requests that the fault hits; default 1. */
  readonly times?: number
  readonly fault: Fault
}

export interface FaultProxy extends ReverseProxy {
  /** Replaces all rules and their counts. The first matching rule applies. */
  inject(...rules: FaultRule[]): void
  /** Number of faults since the last `inject`. */
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

/** Answers or forwards a request with a fault. */
export function deal(fault: Fault, { request, response, forward }: Meeting): void {
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
      return void (fault.start ?? Promise.resolve()).then(() =>
        forward({ bodyLimit: Math.min(fault.after, lengthOf(request) - 1) }),
      )
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
      // It reads on, as proxies do: a connection closed on unread bytes is reset, and the answer is lost with it.
      request.resume()
      return void response.writeHead(413).end()
    case 'status':
      request.resume()
      return void response.writeHead(fault.status, fault.headers).end(ERROR_BODY)
    case 'corrupt':
      return answerWith(answer =>
        sendChanged(answer, response, endToEnd(answer), body => flip(body, fault.at)),
      )
    case 'length':
      return answerWith(answer =>
        sendChanged(answer, response, withLength(answer, fault.by), body => resize(body, fault.by)),
      )
    case 'lie':
      return answerWith(async answer => {
        await sendChanged(answer, response, withLength(answer, fault.by), body => body)
        // The client waits for bytes that do not come. Servers that miscount close the connection.
        if (fault.by > 0) hangUp(response, true)
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

/** Sends the headers unchanged and then only the first bytes of the body. Calls `then` when they are sent. */
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

/** Sends a changed body. It is buffered, because bodies here are small. */
async function sendChanged(
  answer: IncomingMessage,
  response: ServerResponse,
  headers: string[],
  change: (body: Buffer) => Buffer,
) {
  const body = change(Buffer.concat(await answer.toArray()))
  response.writeHead(answer.statusCode ?? 502, headers).end(response.req.method === 'HEAD' ? undefined : body)
}

/** Length of a body. Registries and gpreg always send it; without it, the proxy could not hold back the last byte. */
function lengthOf({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? Infinity)
}

function withLength(answer: IncomingMessage, by: number): string[] {
  return withHeader(answer, 'content-length', `${lengthOf(answer) + by}`)
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
