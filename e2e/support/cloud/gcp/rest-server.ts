import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { sendRaw } from '../raw-answer.ts'
import { Refusal, type Cloud, type ApiCall } from './cloud.ts'

export interface RestServer extends AsyncDisposable {
  /** `http://127.0.0.1:port/` */
  readonly url: string
}

/** https://cloud.google.com/service-usage/docs/reference/rest, https://cloud.google.com/artifact-registry/docs/reference/rest */
const ROUTES: readonly (readonly [verb: string, path: RegExp, method: ApiCall['method']])[] = [
  ['GET', /^\/v1\/(?<name>projects\/[^/]+\/services\/[^/:]+)$/, 'GetService'],
  ['POST', /^\/v1\/(?<name>projects\/[^/]+\/services\/[^/:]+):enable$/, 'EnableService'],
  ['GET', /^\/v1\/(?<name>(?:projects\/[^/]+\/locations\/[^/]+\/)?operations\/[^/]+)$/, 'GetOperation'],
  ['GET', /^\/v1\/(?<name>projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+)$/, 'GetRepository'],
  ['POST', /^\/v1\/(?<parent>projects\/[^/]+\/locations\/[^/]+)\/repositories$/, 'CreateRepository'],
  ['DELETE', /^\/v1\/(?<name>projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+)$/, 'DeleteRepository'],
]

/** https://cloud.google.com/apis/design/errors#handling_errors */
const STATUSES: Readonly<Record<string, number>> = {
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  UNAUTHENTICATED: 401,
  UNAVAILABLE: 503,
}

/** Starts the same APIs over HTTP. */
export async function startRestServer(cloud: Cloud): Promise<RestServer> {
  const server = createServer(async (request, response) => {
    const raw = cloud.raw(methodOf(request))
    if (raw !== undefined) return sendRaw(response, raw)
    const { status, body } = await answerTo(request, cloud)
    response
      .writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
      .end(JSON.stringify(body))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

async function answerTo(request: IncomingMessage, cloud: Cloud): Promise<{ status: number; body: object }> {
  try {
    return { status: 200, body: cloud.handle(await callOf(request)) }
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal('INTERNAL', String(error))
    const code = STATUSES[refusal.status] ?? (refusal.status === 'INTERNAL' ? 500 : 400)
    const { status, message, details } = refusal
    return { status: code, body: { error: { code, message, status, details } } }
  }
}

function methodOf({ method, url = '' }: IncomingMessage): ApiCall['method'] | undefined {
  const { pathname } = new URL(url, 'http://127.0.0.1')
  return ROUTES.find(([verb, path]) => verb === method && path.test(decodeURIComponent(pathname)))?.[2]
}

async function callOf(request: IncomingMessage): Promise<ApiCall> {
  const url = new URL(request.url!, 'http://127.0.0.1')
  const repositoryId = url.searchParams.get('repositoryId')
  const body = request.method === 'POST' ? await json(request) : {}
  if (!/^Bearer ./.test(request.headers.authorization ?? ''))
    throw new Refusal('UNAUTHENTICATED', 'Request is missing required authentication credential.')
  for (const [verb, path, method] of ROUTES) {
    const { groups } = path.exec(decodeURIComponent(url.pathname)) ?? {}
    if (verb !== request.method || groups === undefined) continue
    const created = method === 'CreateRepository' ? { repository: body, repositoryId } : {}
    return { method, request: { ...groups, ...created } as ApiCall['request'] }
  }
  throw new Refusal('NOT_FOUND', `${request.method} ${url.pathname} is no method`)
}
