/** `WWW-Authenticate` as registries use it. https://distribution.github.io/distribution/spec/auth/token/ */
export type Challenge =
  | { readonly scheme: 'basic'; readonly realm?: string }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string }

const MAX_HEADER = 8 * 1024

/**
 * Reads every challenge of a header that gpreg can answer; what is malformed or unknown is passed over.
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

/** A name with `=` behind it is a parameter of the challenge before it; a name without starts a new one. */
const PIECE = /\s*,?\s*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y

function split(header: string): RawChallenge[] {
  const challenges: RawChallenge[] = []
  PIECE.lastIndex = 0
  for (let match = PIECE.exec(header); match !== null; match = PIECE.exec(header)) {
    const [, name, quoted, bare] = match
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare
    if (value === undefined)
      challenges.push({
        scheme: name!.toLowerCase(),
        parameters: Object.create(null) as Record<string, string>,
      })
    else if (challenges.length > 0) challenges.at(-1)!.parameters[name!.toLowerCase()] ??= value
  }
  return challenges
}
