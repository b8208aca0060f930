import type { Context } from '../../context.ts'
import type { Sensitive } from '../../sensitive.ts'

/** What a registry knows a client by. */
export interface Login {
  readonly username: string
  readonly password: Sensitive
}

/** A login that ends. */
export interface ShortLogin extends Login {
  /** milliseconds since the epoch */
  readonly expiresAt: number
  /** The password is an OAuth2 refresh token, to be exchanged at the registry's token server. */
  readonly isRefreshToken?: boolean
}

/** Gives short-lived logins to a registry, such as those of a cloud by the identity of this machine. */
export interface LoginSource {
  /** @throws `unauthorized` where the machine has no identity that the registry knows */
  login(host: string, context: Context): Promise<ShortLogin>
}

/** For registries that want a repository created before the first push. */
export interface RepositoryCreator {
  /** Idempotent. @param name of the repository, without its host */
  ensureRepository(name: string, context: Context): Promise<void>
}

export const isRepositoryCreator = (access: object): access is RepositoryCreator =>
  'ensureRepository' in access
