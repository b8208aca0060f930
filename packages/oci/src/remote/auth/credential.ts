/** What logs in to one registry. */
export interface Credential {
  readonly username: string
  readonly password: string
  /** An OAuth2 refresh token; it is used instead of the password. */
  readonly identityToken?: string
  /** A token that is sent to the registry as it is; no token server is asked. */
  readonly registryToken?: string
  /** It is made with the identity of this machine in a cloud, so it opens other registries, too. */
  readonly isOfCloud?: boolean
}

export function isSameCredential(one: Credential, other: Credential): boolean {
  return (
    one.username === other.username &&
    one.password === other.password &&
    one.identityToken === other.identityToken
  )
}
