import type { Context } from '../../context.ts'
import type { Side } from '../../errors.ts'
import { patienceFor, withRetry } from '../../retry.ts'
import { utf8Text } from '../../text.ts'
import type { DocumentBounds } from '../http/body.ts'
import { followRedirect, isRedirect } from '../http/location.ts'
import type { ApiRequest, ApiResponse } from '../http/request.ts'
import type { Transport } from '../http/transport.ts'
import type { TokenFetch } from './authority.ts'
import { assertCloudServer, tokenServer } from './realm.ts'
import { parseToken, tokenRequest } from './token.ts'

const TOKEN_BOUNDS: DocumentBounds = { limit: 1024 * 1024, code: 'protocol' }

/** Asks the token servers that a registry names in its challenges. */
export function tokenFetcher(host: string, side: Side, transport: Transport, context: Context): TokenFetch {
  const { secrets } = transport
  return async (challenge, scopes, credential) => {
    for (const secret of [credential?.password, credential?.identityToken]) if (secret) secrets.learn(secret)
    const registry = await transport.endpoint()
    const serverAt = (realm: string) => tokenServer(realm, registry, side, said => secrets.scrub(said))
    const server = await serverAt(challenge.realm)
    if (credential?.isOfCloud === true) assertCloudServer(server, registry, side)
    const { method, url, headers, body } = tokenRequest(server, challenge.service, scopes, credential)
    if (headers['authorization'] !== undefined) secrets.learnHeader(headers['authorization'])
    const request: ApiRequest = {
      method,
      url,
      scopes: [],
      expect: [200],
      headers,
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    }
    return withRetry(context, `token for ${host}`, patienceFor, async () => {
      const response = await sendFollowing(transport, request, url, serverAt, context.signal)
      const about = { hadLogin: credential !== undefined, isOfTokenServer: true }
      if (response.status !== 200) throw await transport.failure(response, request, about)
      const bytes = await transport.read(response, TOKEN_BOUNDS, request)
      const token = parseToken(utf8Text(bytes), context.now(), host, side)
      for (const secret of [token.value, token.refreshToken]) if (secret) secrets.learnToken(secret)
      return token
    })
  }
}

/**
 * Sends a request for a token and follows the redirects of the token server. A login stays with the server that the registry names:
 * another one is asked without it, as Go's clients do, and is not asked at all if the login is in the body.
 */
async function sendFollowing(
  transport: Transport,
  request: ApiRequest,
  url: URL,
  serverAt: (realm: string) => Promise<URL>,
  signal: AbortSignal,
): Promise<ApiResponse> {
  const { headers: _login, ...anonymous } = request
  let response = await transport.send(request, url, undefined, signal)
  for (let hops = 0; isRedirect(response.status, request.method); hops++) {
    await response.body.dump()
    const { href } = await followRedirect(response, hops, transport.asked(request, response.url))
    const next = await serverAt(href)
    const isNamed = next.origin === url.origin
    if (!isNamed && request.body !== undefined) break
    response = await transport.send(isNamed ? request : anonymous, next, undefined, signal)
  }
  return response
}
