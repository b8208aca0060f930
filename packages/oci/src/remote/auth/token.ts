import { z } from 'zod'
import { GpregError, type Side } from '../../errors.ts'
import { reasonIn } from '../http/server-words.ts'
import type { Credential } from './credential.ts'

/** Seconds until a token without `expires_in` expires. https://distribution.github.io/distribution/spec/auth/token/ */
const DEFAULT_LIFE = 60

/** Milliseconds before its end at which a token is renewed, so that no request outlives it; at most a quarter of its life. */
const MARGIN = 10_000

const tokenAnswer = z.object({
  // Some servers fill one of the two and write `null` for the other.
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  refresh_token: z.string().optional().catch(undefined),
  expires_in: z.number().positive().optional().catch(undefined),
})

export interface Token {
  readonly value: string
  /** milliseconds since the epoch after which a new one is asked for */
  readonly renewAt: number
  /** A refresh token that was not asked for. It is never used, but messages must not repeat it. */
  readonly refreshToken?: string
}

/** The parts of a request for a token. */
export interface TokenRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Record<string, string>
  readonly body?: string
}

/** The request to a token server for these scopes. @param service as the challenge names it */
export function tokenRequest(
  server: URL,
  service: string | undefined,
  scopes: readonly string[],
  credential: Credential | undefined,
): TokenRequest {
  const url = new URL(server)
  if (credential?.identityToken !== undefined) {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: credential.identityToken,
      client_id: 'gpreg',
      scope: scopes.join(' '),
      ...(service === undefined ? {} : { service }),
    })
    return {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    }
  }
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  return {
    method: 'GET',
    url,
    headers: credential === undefined ? {} : { authorization: basicAuth(credential) },
  }
}

/** @throws `protocol` */
export function parseToken(text: string, now: number, host: string, side: Side): Token {
  const parsed = tokenAnswer.safeParse(parseJson(text))
  const value = parsed.data?.token || parsed.data?.access_token
  // What no header can carry would fail with every request.
  if (!value || !/^[\x21-\x7e]+$/.test(value)) {
    const page = /^\s*</.test(text) ? titled(text) : undefined
    throw new GpregError('protocol', `the token server of ${host} answered ${page ?? 'no token'}`, {
      host,
      side,
      hint: `is something between here and the token server that answers in its place, such as a login page or a proxy?`,
    })
  }
  const life = (parsed.data?.expires_in ?? DEFAULT_LIFE) * 1000
  const refreshToken = parsed.data?.refresh_token
  return {
    value,
    renewAt: now + life - Math.min(MARGIN, life / 4),
    ...(refreshToken ? { refreshToken } : {}),
  }
}

/** What a page is called. Of another text nothing is repeated, because it may be a token. */
function titled(text: string): string {
  const title = reasonIn({ status: 200, text, scrub: said => said, header: () => undefined })
  return `with a web page${title && ` ("${title}")`}, not with a token`
}

export function basicAuth({ username, password }: Credential): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
