import type { Context } from '../../context.ts'
import { GpregError, isGpregError, type Side } from '../../errors.ts'
import { renewOnce } from '../../once.ts'
import { isSameCredential, type Credential } from './credential.ts'
import type { Credentials } from './credentials.ts'
import type { LoginSource, ShortLogin } from './login-source.ts'

/** The login source of a cloud for one of its registries; undefined if the host belongs to no cloud. */
export type Clouds = (host: string, side: Side) => Promise<LoginSource | undefined>

/** Milliseconds before its end at which a login is renewed, so that no upload outlives it; at most a quarter of its life. */
const MARGIN = 15 * 60_000

/** A login and the time of its renewal. */
interface CachedLogin {
  readonly credential: Credential
  /** milliseconds since the epoch */
  readonly renewAt: number
}

export interface LoginCredentialsOptions {
  readonly host: string
  readonly side: Side
  /** Logins of files are preferred. */
  readonly files: Credentials
  readonly clouds: Clouds
  /** The registry is another machine and is spoken to by plain HTTP. */
  readonly isReadableOnTheWay: boolean
}

/**
 * Logins of files, and of the cloud if there is none in a file or the registry refuses it. Logins of the cloud are cached until
 * shortly before they expire.
 */
export class LoginCredentials implements Credentials {
  readonly #options: LoginCredentialsOptions
  readonly #context: Context
  #filesRefused = false
  /** By host; a registry has one. */
  readonly #logins = new Map<string, Promise<CachedLogin | undefined>>()

  constructor(options: LoginCredentialsOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  async find(host: string, repository: string, refused?: Credential): Promise<Credential | undefined> {
    const found = this.#filesRefused ? undefined : await this.#options.files.find(host, repository, refused)
    if (found !== undefined && !(refused && isSameCredential(found, refused))) return found
    const given = await this.#given(refused)
    if (found !== undefined) this.#filesRefused = given !== undefined
    return given
  }

  async #given(refused: Credential | undefined): Promise<Credential | undefined> {
    const { host } = this.#options
    const old = this.#logins.get(host)
    const cached = await old
    const isGood = cached !== undefined && this.#context.now() < cached.renewAt
    if (isGood && !(refused && isSameCredential(cached.credential, refused))) return cached.credential
    return (await renewOnce(this.#logins, host, () => this.#fetch(), old))?.credential
  }

  async #fetch(): Promise<CachedLogin | undefined> {
    const { host, side, clouds, isReadableOnTheWay } = this.#options
    try {
      const source = await clouds(host, side)
      if (source === undefined) return undefined
      if (isReadableOnTheWay) throw plainHttpError(host, side)
      const login = await source.login(host, this.#context)
      const now = this.#context.now()
      const life = login.expiresAt - now
      return { credential: credentialOf(login), renewAt: login.expiresAt - Math.min(MARGIN, life / 4) }
    } catch (error) {
      // Some sources can be read without a login.
      if (side === 'target' || !isGpregError(error, 'unauthorized')) throw error
      const message = `no login for ${host}: ${error.message}`
      this.#context.emit({ type: 'warning', code: 'credentials-skipped', message, subject: { host } })
      return undefined
    }
  }
}

/** A login of a cloud opens more than one registry; one from a file was given for this host, and may go. */
function plainHttpError(host: string, side: Side): GpregError {
  return new GpregError('unauthorized', `the login of a cloud is not sent to ${host} over plain HTTP`, {
    host,
    side,
    hint: `leave ${host} out of --plain-http, or keep a login for this host alone: gpreg login ${host}`,
  })
}

function credentialOf({ username, password, isRefreshToken }: ShortLogin): Credential {
  const secret = password.reveal()
  return { username, password: secret, isOfCloud: true, ...(isRefreshToken ? { identityToken: secret } : {}) }
}
