/**
 * A right on a repository, as the token specification writes it. `catalog` is the right to list all repositories of the registry,
 * with the login of this one: https://distribution.github.io/distribution/spec/auth/scope/
 */
export interface Scope {
  readonly repository: string
  readonly actions: 'pull' | 'pull,push' | 'delete' | 'catalog'
}

/** The scopes of a request as they are sent to token servers; those of one request are always in the same order. */
export function formatScopes(scopes: readonly Scope[]): string[] {
  return scopes.map(({ repository, actions }) =>
    actions === 'catalog' ? 'registry:catalog:*' : `repository:${repository}:${actions}`,
  )
}

/**
 * The scopes that a challenge names and that were not asked for. A proxy that shows repositories under other names is such a case:
 * the registry behind it asks for rights on its own names.
 * @param told `scope` of the challenge, with a space between two scopes
 */
export function scopesBesides(told: string | undefined, asked: readonly string[]): string[] {
  const known = new Set(asked.flatMap(rightsOf))
  return (told ?? '').split(' ').filter(scope => rightsOf(scope).some(right => !known.has(right)))
}

/** `repository:app:pull` and `repository:app:push` of `repository:app:pull,push`. Names may have colons. */
function rightsOf(scope: string): string[] {
  const end = scope.lastIndexOf(':')
  if (end < 0) return []
  return scope
    .slice(end + 1)
    .split(',')
    .map(action => `${scope.slice(0, end)}:${action}`)
}
