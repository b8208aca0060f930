import { withoutPassword } from '../logins.ts'
import type { Situation } from '../situation.ts'
import { tokenGuard, type TokenGuardOptions } from '../token-guard.ts'

const challenges: readonly (readonly [
  name: string,
  challenge: NonNullable<TokenGuardOptions['challenge']>,
])[] = [
  ['without scope', realm => `Bearer realm="${realm}",service="registry"`],
  ['without service', (realm, scope) => `Bearer realm="${realm}",scope="${scope}"`],
  ['with the realm only', realm => `Bearer realm="${realm}"`],
  ['in lower case', (realm, scope) => `bearer realm="${realm}",service="registry",scope="${scope}"`],
  ['in upper case', (realm, scope) => `BEARER REALM="${realm}",SERVICE="registry",SCOPE="${scope}"`],
  ['with the realm last', (realm, scope) => `Bearer scope="${scope}",service="registry",realm="${realm}"`],
  ['with spaces', (realm, scope) => `Bearer  realm = "${realm}" , service = "registry" , scope = "${scope}"`],
  [
    'without quotes',
    (realm, scope) => `Bearer realm=${realm},service=registry,scope=${scope.replace(/,.*/, '')}`,
  ],
  [
    'with an error',
    (realm, scope) =>
      `Bearer realm="${realm}",service="registry",scope="${scope}",error="insufficient_scope"`,
  ],
  ['with an empty scope', realm => `Bearer realm="${realm}",service="registry",scope=""`],
  [
    'with two headers, Basic first',
    (realm, scope) => [
      'Basic realm="registry"',
      `Bearer realm="${realm}",service="registry",scope="${scope}"`,
    ],
  ],
  [
    'with two headers, Bearer first',
    (realm, scope) => [
      `Bearer realm="${realm}",service="registry",scope="${scope}"`,
      'Basic realm="registry"',
    ],
  ],
  [
    'with Basic and Bearer in one header',
    (realm, scope) => `Basic realm="registry", Bearer realm="${realm}",service="registry",scope="${scope}"`,
  ],
  [
    'with a scheme that nobody knows first',
    (realm, scope) => ['Negotiate', `Bearer realm="${realm}",service="registry",scope="${scope}"`],
  ],
  [
    'with a query in the realm',
    (realm, scope) => `Bearer realm="${realm}?a=b",service="registry",scope="${scope}"`,
  ],
]

/** Spellings of `WWW-Authenticate`. */
export const CHALLENGES: readonly Situation[] = [
  ...challenges.map(([name, challenge]): Situation => ({
    name: `a challenge ${name}`,
    both: () => tokenGuard({ challenge }),
  })),
  ...challenges.map(([name, challenge]): Situation => ({
    name: `a challenge ${name}, and a login`,
    login: 'password',
    both: () => tokenGuard({ challenge, refuse: withoutPassword }),
  })),
]
