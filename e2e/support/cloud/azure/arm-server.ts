import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Certificates } from '@gpreg/oci/testing'
import { startHttpsServer, type HttpsServer } from './https-server.ts'
import { ApiError } from '../api-error.ts'
import { sendRaw } from '../raw-answer.ts'
import {
  READS,
  ROUTES,
  SUBSCRIPTIONS_VERSION,
  VERSION,
  type Action,
  type Answer,
  type ArmRequest,
  type Route,
} from './arm-api.ts'
import { SUBSCRIPTION, type AzureSubscription } from './subscription.ts'
import type { TokenIssuer } from './tokens.ts'

export interface ArmOptions {
  readonly certificates: Certificates
  readonly tokens: TokenIssuer
  readonly subscription: AzureSubscription
}

/**
 * Starts a fake Azure Resource Manager with the API of Container Registry. It logs every call and injects the faults that
 * the log is told to inject.
 */
export function startArmServer({ certificates, tokens, subscription }: ArmOptions): Promise<HttpsServer> {
  const answerTo = async (
    request: IncomingMessage,
    action: Action,
    groups: Record<string, string>,
    url: URL,
  ): Promise<Answer> => {
    const origin = `https://${request.headers.host}`
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    if (tokens.read(token)?.aud !== origin)
      throw new ApiError(401, 'InvalidAuthenticationToken', 'The access token is invalid.')
    const hasBody = Number(request.headers['content-length'] ?? 0) > 0
    const input = hasBody ? ((await json(request)) as ArmRequest['input']) : {}
    const { group = '', name = '' } = groups
    const page = url.searchParams.get('$skiptoken') ?? undefined
    return action({ subscription, group, name, input, origin, page })
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url!, 'https://arm')
    const [route, groups] = routeOf(request.method!, url.pathname)
    const name = route?.[2] ?? `${request.method} ${url.pathname}`
    const { fault, done } = subscription.log.note({ name, isWrite: !READS.has(name) })
    const raw = subscription.script(name, url)
    if (raw !== undefined) return sendRaw(response, raw)
    const work = async (): Promise<Answer> => {
      if (fault === 'refuse') throw unauthorized(name)
      if (fault === 'throttle') throw new ApiError(429, 'TooManyRequests', 'The request is being throttled.')
      if (!url.search.startsWith(`?${versionOf(name)}`))
        throw new ApiError(400, 'InvalidApiVersionParameter', url.search)
      if (route === undefined) throw new ApiError(404, 'NotFound', `${name} is no call of ARM`)
      return answerTo(request, route[3], groups, url)
    }
    const { status, body, headers } = await work().catch(refusalAnswer)
    done()
    if (fault === 'cut') return void response.destroy()
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }
  return startHttpsServer(certificates, (request, response) => void serve(request, response))
}

const versionOf = (name: string): string => (name === 'subscriptions' ? SUBSCRIPTIONS_VERSION : VERSION)

function routeOf(method: string, path: string): [Route | undefined, Record<string, string>] {
  for (const route of ROUTES) {
    const match = route[0] === method ? route[1].exec(path) : null
    if (match !== null) return [route, match.groups ?? {}]
  }
  return [undefined, {}]
}

function refusalAnswer(error: unknown): Answer {
  const refusal = error instanceof ApiError ? error : new ApiError(500, 'InternalServerError', String(error))
  const headers = refusal.status === 429 ? { 'retry-after': '7' } : {}
  const { status, code, message } = refusal
  return { status, body: { error: { code, message } }, headers }
}

const unauthorized = (name: string) =>
  new ApiError(
    403,
    'AuthorizationFailed',
    `The client 'gpreg' with object id '1' does not have authorization to perform action '${name}' over scope '/subscriptions/${SUBSCRIPTION}' or the scope is invalid.`,
  )
