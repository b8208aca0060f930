import { answer, type Oddity } from '@gpreg/oci/testing'
import { BASIC, LOGIN, withoutPassword } from '../logins.ts'
import { PING } from '../oddities.ts'
import { plainIndex } from '../sample-images.ts'
import type { Situation } from '../situation.ts'
import { tokenGuard, type TokenRequest } from '../token-guard.ts'

const documents: readonly (readonly [name: string, document: (token: string) => object])[] = [
  ['access_token', token => ({ access_token: token })],
  ['token and access_token', token => ({ token, access_token: token })],
  ['token: null and access_token', token => ({ token: null, access_token: token })],
  ['an empty token and access_token', token => ({ token: '', access_token: token })],
  ['token and access_token: null', token => ({ token, access_token: null })],
  ['expires_in as a text', token => ({ token, expires_in: '300' })],
  ['expires_in 0', token => ({ token, expires_in: 0 })],
  ['expires_in null', token => ({ token, expires_in: null, issued_at: null })],
  ['an odd issued_at', token => ({ token, expires_in: 300, issued_at: 'yesterday' })],
  ['issued_at in the past', token => ({ token, expires_in: 60, issued_at: '2020-01-01T00:00:00Z' })],
]

const only =
  (method: string, status: number) =>
  (request: TokenRequest): number | undefined =>
    request.method === method ? withoutPassword(request) : status

/** Takes the password itself, with this challenge. */
const basicGuard =
  (challenge: string): Oddity =>
  (request, response) => {
    if (request.headers.authorization === BASIC) return false
    request.resume()
    return answer(response, 401, '', { 'www-authenticate': challenge })
  }

/** Logins with and without a password. */
export const LOGINS: readonly Situation[] = [
  { name: 'tokens for everybody', both: () => tokenGuard() },
  { name: 'tokens for everybody, an index', both: () => tokenGuard(), image: plainIndex },
  { name: 'tokens in one registry', both: () => tokenGuard(), oneRegistry: true },
  ...documents.map(([name, document]): Situation => ({
    name: `a token server that answers with ${name}`,
    both: () => tokenGuard({ document }),
  })),
  {
    name: 'a token called text/plain',
    both: () => tokenGuard({ headers: { 'content-type': 'text/plain' } }),
  },
  { name: 'tokens of one scope, the first', both: () => tokenGuard({ grant: scopes => scopes.slice(0, 1) }) },
  { name: 'tokens of one scope, the last', both: () => tokenGuard({ grant: scopes => scopes.slice(-1) }) },
  {
    name: 'tokens of one scope in one registry',
    oneRegistry: true,
    target: () => tokenGuard({ grant: scopes => scopes.slice(0, 1) }),
  },
  {
    name: 'several scopes refused in one registry',
    oneRegistry: true,
    target: () => tokenGuard({ refuse: ({ scopes }) => (scopes.length > 1 ? 400 : undefined) }),
  },
  {
    name: 'no token for what is not there',
    both: () =>
      tokenGuard({
        refuse: ({ scopes }) => (scopes.some(scope => scope.startsWith('repository:')) ? undefined : 403),
      }),
  },
  ...[400, 404, 405, 500].flatMap((status): Situation[] => [
    {
      name: `a token server without POST (${status})`,
      login: 'password',
      both: () => tokenGuard({ refuse: only('GET', status) }),
    },
    {
      name: `a token server without GET (${status})`,
      login: 'password',
      both: () => tokenGuard({ refuse: only('POST', status) }),
    },
  ]),
  {
    name: 'an identity token',
    login: 'identity token',
    both: () =>
      tokenGuard({
        refuse: ({ method, form }) =>
          method === 'POST' && form.get('refresh_token') === LOGIN.identityToken ? undefined : 401,
      }),
  },
  ...[1, 3, 10].map((uses): Situation => ({
    name: `tokens good for ${uses} requests`,
    both: () => tokenGuard({ uses }),
  })),
  { name: 'Basic', login: 'password', both: () => basicGuard('Basic realm="registry"') },
  { name: 'Basic in lower case', login: 'password', both: () => basicGuard('basic realm="registry"') },
  { name: 'Basic without realm', login: 'password', both: () => basicGuard('Basic') },
  {
    name: 'Basic with a charset',
    login: 'password',
    both: () => basicGuard('Basic realm="registry", charset="UTF-8"'),
  },
  { name: 'a login that nobody asks for', login: 'password' },
  ...[401, 403, 404].map((status): Situation => ({
    name: `Basic asked for at /v2/ only, ${status} elsewhere`,
    login: 'password',
    both: () => (request, response) => {
      if (request.headers.authorization === BASIC) return false
      request.resume()
      const isPing = PING.test(request.url!)
      return answer(
        response,
        isPing ? 401 : status,
        '',
        isPing ? { 'www-authenticate': 'Basic realm="r"' } : {},
      )
    },
  })),
  {
    name: '401 without a challenge',
    login: 'password',
    both: () => (request, response) => {
      if (request.headers.authorization === BASIC) return false
      request.resume()
      return answer(response, 401)
    },
  },
  {
    name: 'a registry that knows repositories by another name',
    login: 'password',
    both: () => {
      const guard = tokenGuard({ refuse: withoutPassword })
      return (request, response) => {
        const outer = request.url!
        request.url = outer.replace(/^\/v2\/(?=.)/, '/v2/team/')
        if (guard(request, response) === true) return true
        request.url = outer
        return false
      }
    },
  },
]
