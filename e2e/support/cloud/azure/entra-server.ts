import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Certificates } from '@gpreg/oci/testing'
import type { CallLog } from '../calls.ts'
import { sendRaw, type RawAnswer } from '../raw-answer.ts'
import { startHttpsServer, type HttpsServer } from './https-server.ts'
import { inSeconds, type TokenIssuer } from './tokens.ts'

export const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'
export const CLIENT = { id: '5f3a0c1e-0000-4000-8000-000000000001', secret: 'canary-client-secret' }

export interface EntraOptions {
  readonly certificates: Certificates
  readonly tokens: TokenIssuer
  readonly log: CallLog
  /** Answers a call in place of Entra; undefined leaves it to Entra. */
  readonly script: (call: string, url: URL) => RawAnswer | undefined
}

type Answer = readonly [status: number, body: object, headers?: Record<string, string>]

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const refused = (error: string, description: string): Answer => [
  error === 'invalid_client' ? 401 : 400,
  { error, error_description: `${description} Trace ID: 1 Correlation ID: 2`, error_codes: [7000215] },
]

/**
 * Starts the part of Entra that issues tokens to applications.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export function startEntraServer({ certificates, tokens, log, script }: EntraOptions): Promise<HttpsServer> {
  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const base = `https://${request.headers.host}/${TENANT}`
    const { pathname } = new URL(request.url!, base)
    if (pathname === `/${TENANT}/v2.0/.well-known/openid-configuration`) {
      const endpoints = {
        issuer: `${base}/v2.0`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
      }
      return [200, endpoints]
    }
    if (pathname !== `/${TENANT}/oauth2/v2.0/token`)
      return refused('invalid_tenant', `AADSTS90002: Tenant '${pathname.split('/')[1]}' not found.`)
    return give(new URLSearchParams(await text(request)))
  }

  const give = (form: URLSearchParams): Answer => {
    const known = form.get('client_id') === CLIENT.id && form.get('client_secret') === CLIENT.secret
    if (!known || form.get('grant_type') !== 'client_credentials')
      return refused('invalid_client', 'AADSTS7000215: Invalid client secret provided.')
    const audience = form
      .get('scope')
      ?.split(' ')
      .find(scope => scope.endsWith('/.default'))
      ?.replace(/\/\.default$/, '')
    if (audience === undefined) return refused('invalid_scope', 'AADSTS1002012: The scope is not valid.')
    const access_token = tokens.issue({ aud: audience, tid: TENANT, exp: inSeconds(3600) })
    return [200, { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token }]
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const name = `entra:${request.url!.includes('openid-configuration') ? 'configuration' : 'token'}`
    const { fault, done } = log.note({ name, isWrite: false })
    const [status, body, headers = {}] = await faultOr(fault, () => answerTo(request))
    done()
    if (fault === 'cut') return void response.destroy()
    const raw = script(name, new URL(request.url!, 'https://entra'))
    if (raw !== undefined) return sendRaw(response, raw)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
  return startHttpsServer(certificates, (request, response) => void serve(request, response))
}

async function faultOr(fault: string | undefined, work: () => Promise<Answer>): Promise<Answer> {
  if (fault === 'refuse') return refused('invalid_client', 'AADSTS7000215: Invalid client secret provided.')
  if (fault === 'throttle') return [429, { error: 'temporarily_unavailable' }, { 'retry-after': '7' }]
  return work()
}
