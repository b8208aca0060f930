import type { Context } from '../../context.ts'
import type { Side } from '../../errors.ts'
import { PATIENT, withRetry } from '../../retry.ts'
import { utf8Text } from '../../text.ts'
import type { DocumentBounds } from '../http/body.ts'
import type { ApiRequest } from '../http/request.ts'
import type { Transport } from '../http/transport.ts'
import { assertCloudRealm, assertRealm, type TokenFetch } from './authority.ts'
import { parseToken, tokenRequest } from './token.ts'

const TOKEN_BOUNDS: DocumentBounds = { limit: 1024 * 1024, code: 'protocol' }

/** Asks the token servers that a registry names in its challenges. */
export function tokenFetcher(host: string, side: Side, transport: Transport, context: Context): TokenFetch {
  const { secrets } = transport
  return async (challenge, scopes, credential) => {
    for (const secret of [credential?.password, credential?.identityToken]) if (secret) secrets.learn(secret)
    const registry = await transport.endpoint()
    await assertRealm(challenge.realm, registry, side, said => secrets.scrub(said))
    if (credential?.isOfCloud === true) assertCloudRealm(challenge.realm, registry, side)
    const { method, url, headers, body } = tokenRequest(challenge, scopes, credential)
    if (headers['authorization'] !== undefined) secrets.learnHeader(headers['authorization'])
    const request: ApiRequest = {
      method,
      url,
      scopes: [],
      expect: [200],
      headers,
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    }
    return withRetry(context, `token for ${host}`, PATIENT, async () => {
      const response = await transport.send(request, url, undefined, context.signal)
      if (response.status !== 200) throw await transport.failure(response, request)
      const bytes = await transport.read(response, TOKEN_BOUNDS, request)
      const token = parseToken(utf8Text(bytes), context.now(), host, side)
      for (const secret of [token.value, token.refreshToken]) if (secret) secrets.learn(secret)
      return token
    })
  }
}
