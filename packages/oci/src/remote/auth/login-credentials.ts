import type { Context } from '../../context.ts'
import { GpregError, isGpregError, type Side } from '../../errors.ts'
import { isLoopback } from '../http/endpoint.ts'
import { isSameCredential, type Credential, type Credentials } from './credentials.ts'
import type { LoginSource, ShortLogin } from './login-source.ts'

/** How a cloud lets this machine in to one of its registries; undefined where the host is no cloud's. */
export type Clouds = (host: string, side: Side) => Promise<LoginSource | undefined>

/** Renewed this long before its end, so that no upload outlives it; in milliseconds, at most a quarter of its life. */
const MARGIN = 15 * 60_000

interface Held {
  readonly credential: Credential
  /** milliseconds since the epoch */
  readonly renewAt: number
}

export interface CloudCredentialsOptions {
  readonly host: string
  readonly side: Side
  /** What files know comes first. */
  readonly files: Credentials
  readonly clouds: Clouds
  /** The URL at which the registry is spoken to. */
  readonly base: URL
}

/**
 * Logins of files, and where there are none or the registry takes them no more, those that the cloud gives; kept until shortly
 * before they end.
 */
export class CloudCredentials implements Credentials {
  readonly #options: CloudCredentialsOptions
  readonly #context: Context
  #filesRefused = false
  #held: Promise<Held | undefined> | undefined

  constructor(options: CloudCredentialsOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  async find(host: string, repository: string, refused?: Credential): Promise<Credential | undefined> {
    const found = this.#filesRefused ? undefined : await this.#options.files.find(host, repository)
    if (found !== undefined && !(refused && isSameCredential(found, refused))) return found
    const given = await this.#given(refused)
    if (found !== undefined) this.#filesRefused = given !== undefined
    return given
  }

  async #given(refused: Credential | undefined): Promise<Credential | undefined> {
    const known = this.#held
    const held = await known
    const isGood = held !== undefined && this.#context.now() < held.renewAt
    if (isGood && !(refused && isSameCredential(held.credential, refused))) return held.credential
    // Whoever came first asks the cloud, and all who came meanwhile share it; a failure is not kept.
    if (this.#held === known) {
      this.#held = this.#fetch()
      this.#held.catch(() => (this.#held = undefined))
    }
    return (await this.#held)?.credential
  }

  async #fetch(): Promise<Held | undefined> {
    const { host, side, clouds, base } = this.#options
    try {
      const source = await clouds(host, side)
      if (source === undefined) return undefined
      if (isReadableOnTheWay(base)) throw plainHttpError(host, side)
      const login = await source.login(host, this.#context)
      const now = this.#context.now()
      const life = login.expiresAt - now
      return { credential: credentialOf(login), renewAt: login.expiresAt - Math.min(MARGIN, life / 4) }
    } catch (error) {
      // Some can be read by everybody.
      if (side === 'target' || !isGpregError(error, 'unauthorized')) throw error
      const message = `no login for ${host}: ${error.message}`
      this.#context.emit({ type: 'warning', code: 'credentials-skipped', message, subject: { host } })
      return undefined
    }
  }
}

/** Plain HTTP, other than to this machine itself. */
function isReadableOnTheWay({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !isLoopback(hostname)
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
  return { username, password: secret, ...(isRefreshToken ? { identityToken: secret } : {}) }
}
