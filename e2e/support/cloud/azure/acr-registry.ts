import { text } from 'node:stream/consumers'
import type { IncomingMessage } from 'node:http'
import type { Certificates } from '@gpreg/oci/testing'
import { startReverseProxy, type ReverseProxy } from '../../reverse-proxy.ts'
import { covers } from '../../token-proxy.ts'
import type { AcrRegistry, AzureSubscription } from './subscription.ts'
import { inSeconds, TokenIssuer } from './tokens.ts'

export interface AcrRegistryOptions {
  /** a registry that uses TLS with the same certificates */
  readonly to: URL
  readonly subscription: AzureSubscription
  /** issuer of the Entra tokens */
  readonly tokens: TokenIssuer
  readonly certificates: Certificates
  /** audiences of the Entra tokens that the registry accepts */
  readonly audiences: readonly string[]
}

export interface AcrFront extends ReverseProxy {
  /** All refresh tokens that were issued. They must not appear in any output. */
  readonly refreshTokens: TokenIssuer
  /** Answers each token exchange with this status from now on. */
  refuseExchange(status: number): void
}

const NOBODY = '00000000-0000-0000-0000-000000000000'

/**
 * Starts the part of Container Registry that serves images: a real registry behind a proxy that checks tokens.
 * https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
 */
export async function startAcrRegistry(options: AcrRegistryOptions): Promise<AcrFront> {
  const { to, subscription, tokens, certificates, audiences } = options
  const refreshTokens = new TokenIssuer()
  /** scopes of each access token */
  const access = new Map<string, readonly string[]>()
  let exchangeStatus = 200

  const registryOf = (host = ''): AcrRegistry | undefined =>
    [...subscription.registries.values()].find(
      one => subscription.loginServer(one).toLowerCase() === host.replace(/:443$/, ''),
    )
  const isAdmin = (host: string | undefined, authorization = ''): boolean => {
    const [, encoded = ''] = /^Basic (.+)$/.exec(authorization) ?? []
    const [, username, password] = /^([^:]+):(.*)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? []
    const registry = registryOf(host)
    if (username === NOBODY) return refreshTokens.read(password!) !== undefined
    if (registry?.adminUserEnabled !== true || registry.name !== username) return false
    return [...registry.passwords.values()].includes(password!)
  }
  const give = (scopes: readonly string[]) => {
    const token = tokens.issue({ aud: 'acr', tid: 'acr', exp: inSeconds(75 * 60) })
    access.set(token, scopes)
    return { access_token: token }
  }

  const exchange = (form: URLSearchParams, host: string | undefined): object | undefined => {
    const claims = tokens.read(form.get('access_token') ?? '')
    const isGood = claims !== undefined && audiences.includes(claims.aud) && form.get('tenant') === claims.tid
    if (exchangeStatus !== 200 || !isGood || form.get('grant_type') !== 'access_token') return undefined
    if (form.get('service') !== host) return undefined
    return { refresh_token: refreshTokens.issue({ aud: host!, tid: claims.tid, exp: inSeconds(3 * 3600) }) }
  }
  const refresh = (form: URLSearchParams): object | undefined =>
    form.get('grant_type') === 'refresh_token' && refreshTokens.read(form.get('refresh_token') ?? '')
      ? give((form.get('scope') ?? '').split(' '))
      : undefined

  /** Undefined for a request for images. */
  const answerTo = async (request: IncomingMessage, path: string, query: URLSearchParams) => {
    const { method, headers } = request
    if (!path.startsWith('/oauth2/')) return undefined
    const form = new URLSearchParams(await text(request))
    if (path === '/oauth2/exchange' && method === 'POST')
      return exchange(form, headers.host) ?? exchangeStatus
    if (path === '/oauth2/token' && method === 'POST') return refresh(form) ?? 401
    return isAdmin(headers.host, headers.authorization) ? give(query.getAll('scope')) : 401
  }

  const front = await startReverseProxy({
    to,
    certificates,
    async intercept({ exchange: { path, query }, request, response, forward }) {
      const { authorization = '', host } = request.headers
      const [, token = ''] = /^Bearer (.+)$/.exec(authorization) ?? []
      const scopes = access.get(token)
      if (isAdmin(host, authorization) || (scopes !== undefined && covers(scopes, request)))
        if (!path.startsWith('/oauth2/')) return forward()
      const answer = await answerTo(request, path, query)
      if (typeof answer === 'object')
        return void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify(answer))
      request.resume()
      const errors = [{ code: 'UNAUTHORIZED', message: `authentication required for ${authorization}` }]
      response.writeHead(answer === undefined || answer === 200 ? 401 : answer, {
        'content-type': 'application/json',
        'www-authenticate': `Bearer realm="https://${host}/oauth2/token",service="${host}"`,
      })
      response.end(JSON.stringify({ errors }))
    },
  })
  return { ...front, refreshTokens, refuseExchange: status => void (exchangeStatus = status) }
}
