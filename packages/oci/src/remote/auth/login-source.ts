import type { Context } from '../../context.ts'
import type { Sensitive } from '../../sensitive.ts'

/** A user name and a password for a registry. */
export interface Login {
  readonly username: string
  readonly password: Sensitive
}

/** A login that expires. */
export interface ShortLogin extends Login {
  /** milliseconds since the epoch */
  readonly expiresAt: number
  /** The password is an OAuth2 refresh token, to be exchanged at the registry's token server. */
  readonly isRefreshToken?: boolean
}

/** Gives short-lived logins to a registry, e.g. those of a cloud for the identity of this machine. */
export interface LoginSource {
  /** @throws `unauthorized` if the machine has no identity that the registry accepts */
  login(host: string, context: Context): Promise<ShortLogin>
}

/** Creates repositories, for registries that want that before the first push. */
export interface RepositoryCreator {
  /** Creates a repository unless it exists. @param name of the repository, without its host */
  ensureRepository(name: string, context: Context): Promise<void>
}

export const isRepositoryCreator = (access: object): access is RepositoryCreator =>
  'ensureRepository' in access
