/** A challenge of a `WWW-Authenticate` header. https://distribution.github.io/distribution/spec/auth/token/ */
export type Challenge =
  | { readonly scheme: 'basic'; readonly realm?: string }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string }

const MAX_HEADER = 8 * 1024

/**
 * Reads the basic and bearer challenges of a header. Malformed and unknown ones are skipped.
 * https://www.rfc-editor.org/rfc/rfc9110#field.www-authenticate
 */
export function parseChallenges(header: string | undefined): Challenge[] {
  const challenges: Challenge[] = []
  for (const { scheme, parameters } of split(header?.slice(0, MAX_HEADER) ?? '')) {
    const { realm, service, scope } = parameters
    if (scheme === 'basic') challenges.push({ scheme, ...(realm === undefined ? {} : { realm }) })
    if (scheme === 'bearer' && realm !== undefined) {
      challenges.push({
        scheme,
        realm,
        ...(service === undefined ? {} : { service }),
        ...(scope === undefined ? {} : { scope }),
      })
    }
  }
  return challenges
}

interface RawChallenge {
  readonly scheme: string
  readonly parameters: Record<string, string>
}

/** A name followed by `=` is a parameter of the current challenge; any other name starts a new challenge. */
const PIECE = /\s*,?\s*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y

function split(header: string): RawChallenge[] {
  const challenges: RawChallenge[] = []
  PIECE.lastIndex = 0
  for (let match = PIECE.exec(header); match !== null; match = PIECE.exec(header)) {
    const [, name = '', quoted, bare] = match
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare
    const current = challenges.at(-1)
    if (value === undefined)
      challenges.push({
        scheme: name.toLowerCase(),
        parameters: Object.create(null) as Record<string, string>,
      })
    else if (current !== undefined) current.parameters[name.toLowerCase()] ??= value
  }
  return challenges
}
