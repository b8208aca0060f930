import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { startReverseProxy, type ReverseProxy } from './reverse-proxy.ts'

export interface TokenProxyOptions {
  /** URL of the registry */
  readonly to: URL
  /** lifetime of a token in milliseconds */
  readonly life: number
  /** `expires_in` of the answer in seconds; default: the real lifetime */
  readonly claims?: number
  readonly credentials: { readonly username: string; readonly password: string }
  /** The scope of every token, whatever scope was requested. */
  readonly grants?: string
}

export interface TokenProxy extends ReverseProxy {
  /** Number of tokens issued so far. */
  issued(): number
  /** Number of requests with an expired token. */
  expired(): number
}

/**
 * Starts a proxy that requires bearer tokens for a registry and issues them itself.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export async function startTokenProxy(options: TokenProxyOptions): Promise<TokenProxy> {
  const { life, claims = life / 1000, credentials, grants } = options
  const basic = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
  const tokens = new Map<string, { scopes: string[]; expiresAt: number }>()
  let expired = 0

  const proxy = await startReverseProxy({
    to: options.to,
    intercept({ request, response, exchange, forward }) {
      if (exchange.path === '/token') {
        if (request.headers.authorization !== basic) return void response.writeHead(401).end()
        const token = randomUUID()
        const scopes = grants === undefined ? exchange.query.getAll('scope') : [grants]
        tokens.set(token, { scopes, expiresAt: Date.now() + life })
        return void response.end(JSON.stringify({ token, expires_in: claims }))
      }
      const token = tokens.get(/^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '')
      if (token !== undefined && token.expiresAt < Date.now()) expired++
      if (token !== undefined && token.expiresAt >= Date.now() && covers(token.scopes, request))
        return forward()
      request.resume()
      response.writeHead(401, {
        'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="e2e"`,
      })
      response.end()
    },
  })
  return { ...proxy, issued: () => tokens.size, expired: () => expired }
}

/** True if one of the scopes allows the request. @param scopes such as `repository:NAME:pull,push` */
export function covers(scopes: readonly string[], { method, url = '' }: IncomingMessage): boolean {
  const repository = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(url)?.[1]
  if (repository === undefined) return true
  const action = method === 'GET' || method === 'HEAD' ? 'pull' : 'push'
  return scopes.some(scope => {
    const [, name, actions] = /^repository:(.+):([a-z,]+)$/.exec(scope) ?? []
    return name === repository && actions!.split(',').includes(action)
  })
}
