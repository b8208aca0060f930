import type { IncomingMessage } from 'node:http'
import { answer, type Oddity } from '@gpreg/oci/testing'
import { covers } from '../support/token-proxy.ts'

/** What a request for a token said. */
export interface TokenRequest {
  readonly method: string
  readonly scopes: readonly string[]
  readonly form: URLSearchParams
  readonly authorization: string | undefined
}

export interface TokenGuardOptions {
  /** The value of `WWW-Authenticate`; several values are several headers. */
  readonly challenge?: (realm: string, scope: string) => string | string[]
  /** The document that answers a request for a token. */
  readonly document?: (token: string) => object
  /** The scopes that a token gets of those that were asked for. */
  readonly grant?: (scopes: readonly string[]) => readonly string[]
  /** Status of a request for a token that is refused. */
  readonly refuse?: (request: TokenRequest) => number | undefined
  /** Number of requests that one token is good for. */
  readonly uses?: number
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Asks for bearer tokens, and hands them out itself.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export function tokenGuard(options: TokenGuardOptions = {}): Oddity {
  const {
    challenge = usual,
    document = token => ({ token, expires_in: 300 }),
    grant = all,
    refuse,
    uses = 1e9,
  } = options
  const tokens = new Map<string, { readonly scopes: readonly string[]; left: number }>()

  return (request, response) => {
    if (request.url!.startsWith('/token')) {
      void readTokenRequest(request).then(wanted => {
        const status = refuse?.(wanted)
        if (status !== undefined) return answer(response, status)
        const name = `token-${tokens.size}`
        tokens.set(name, { scopes: grant(wanted.scopes), left: uses })
        return answer(
          response,
          200,
          JSON.stringify(document(name)),
          options.headers ?? { 'content-type': 'application/json' },
        )
      })
      return true
    }
    const token = tokens.get(/^Bearer (.*)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '')
    if (token !== undefined && covers(token.scopes, request) && token.left-- > 0) return false
    request.resume()
    const told = challenge(`http://${request.headers.host}/token`, scopeOf(request))
    response.writeHead(401, { 'www-authenticate': told }).end()
    return true
  }
}

const all = (scopes: readonly string[]) => scopes
const usual = (realm: string, scope: string) =>
  `Bearer realm="${realm}",service="registry"${scope && `,scope="${scope}"`}`

function scopeOf({ method, url = '' }: IncomingMessage): string {
  const name = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(url)?.[1]
  if (name === undefined) return ''
  return `repository:${name}:${method === 'GET' || method === 'HEAD' ? 'pull' : 'pull,push'}`
}

async function readTokenRequest(request: IncomingMessage): Promise<TokenRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const form = new URLSearchParams(Buffer.concat(chunks).toString())
  const query = new URL(request.url!, 'http://registry').searchParams
  const scopes = [...query.getAll('scope'), ...form.getAll('scope')].flatMap(scope => scope.split(' '))
  return { method: request.method!, scopes, form, authorization: request.headers.authorization }
}
