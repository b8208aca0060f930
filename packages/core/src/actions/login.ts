import type { Context } from '../context.ts'
import { GpregError, isGpregError, CredentialStore, type CredentialPlace } from '@gpreg/oci'
import { createRegistries, type RegistriesOptions } from '@gpreg/oci/engine'

export interface LoginRequest {
  /** `host[:port]` */
  readonly host: string
  readonly username: string
  readonly password: string
}

export interface LoginResult {
  readonly kind: 'LoginResult'
  readonly version: 1
  readonly host: string
  readonly username: string
  readonly store: CredentialPlace
}

export interface LogoutResult {
  readonly kind: 'LogoutResult'
  readonly version: 1
  readonly host: string
  /** null if no login was stored for the host */
  readonly store: CredentialPlace | null
}

/**
 * Tests a login on the registry, and stores it if the registry accepts it.
 * @throws `unauthorized` if the registry refuses the login; nothing is stored then
 */
export async function login(
  request: LoginRequest,
  options: RegistriesOptions,
  context: Context,
): Promise<LoginResult> {
  const { host, username, password } = request
  const credential = { username, password }
  const registries = await createRegistries(
    { ...options, credentials: { find: async () => credential } },
    context,
  )
  try {
    const { login: asked } = await registries.ping(host).catch((error: unknown) => {
      throw isGpregError(error, 'unauthorized') ? refused(request, error) : error
    })
    if (asked === 'open') {
      const message = `${host} asks for no login to its API: whether this one is right shows when it is used`
      context.emit({ type: 'warning', code: 'login-unproven', message, subject: { host } })
    }
  } finally {
    await registries.close()
  }
  const store = await storeOf(options).store(host, credential)
  return { kind: 'LoginResult', version: 1, host, username, store }
}

function refused({ host, username }: LoginRequest, cause: GpregError): GpregError {
  return new GpregError('unauthorized', `${host} does not take this password of ${username}`, {
    ...cause.subject,
    cause,
    hint: 'check both; registries with two-factor logins want a token in place of the password',
  })
}

/** Removes the stored login of a host. */
export async function logout(host: string, options: RegistriesOptions): Promise<LogoutResult> {
  const store = await storeOf(options).erase(host)
  return { kind: 'LogoutResult', version: 1, host, store: store ?? null }
}

function storeOf({ authFile, env = process.env }: RegistriesOptions): CredentialStore {
  return new CredentialStore(authFile, env)
}
