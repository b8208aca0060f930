import { isGpregError, type GpregError, type Side } from '../../errors.ts'
import { renewOnce, waitFor } from '../../once.ts'
import type { Challenge } from './challenge.ts'
import { isSameCredential, type Credential } from './credential.ts'
import { formatScopes, scopesBesides, type Scope } from './scope.ts'
import { basicAuth, type Token } from './token.ts'

type Bearer = Extract<Challenge, { scheme: 'bearer' }>

/** Asks the token server that a challenge names. */
export type TokenFetch = (
  challenge: Bearer,
  scopes: readonly string[],
  credential: Credential | undefined,
) => Promise<Token>

export interface AuthorityOptions {
  readonly host: string
  readonly side: Side
  /** The credential for a repository; if one was refused, another one than that. */
  readonly credential: (repository: string, refused?: Credential) => Promise<Credential | undefined>
  readonly fetchToken: TokenFetch
  /** milliseconds since the epoch */
  readonly now: () => number
}

/** Statuses by which token servers refuse a login; OAuth2 says 400. https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403])

/** Milliseconds for which a login that was refused is not tried again: a program may run for days, and the login work again. */
const REFUSED_FOR = 5 * 60_000

interface RefusedLogin {
  readonly credential: Credential
  readonly error: GpregError
  /** when it may be tried again; milliseconds since the epoch */
  until: number
}

/**
 * Makes the `Authorization` headers for one registry. No credentials are sent before the registry asks for them: its first
 * challenge tells the scheme, and later requests carry the header at once. Tokens are cached by scope and renewed before they
 * expire.
 */
export class Authority {
  readonly #options: AuthorityOptions
  readonly #tokens = new Map<string, Token>()
  /** Scopes that the registry wants besides those of a request; by the scopes of the request. */
  readonly #besides = new Map<string, readonly string[]>()
  /** Requests for tokens that are under way. */
  readonly #pending = new Map<string, Promise<Token>>()
  /** Basic headers that the registry has accepted: a few a run, because logins of clouds expire after hours. */
  readonly #accepted = new Set<string>()
  /** Logins that the token server does not take, whatever the scope. */
  #refused: readonly RefusedLogin[] = []
  #challenge: Challenge | undefined

  constructor(options: AuthorityOptions) {
    this.#options = options
  }

  /** Whether the registry has asked for credentials. */
  get isAsked(): boolean {
    return this.#challenge !== undefined
  }

  /** Whether there is a login for these scopes, rather than the token that everybody gets. */
  async hasLogin([scope]: readonly Scope[]): Promise<boolean> {
    return (await this.#options.credential(scope?.repository ?? '')) !== undefined
  }

  /**
   * The `Authorization` header for these scopes; undefined until the registry has asked for credentials.
   * @param signal ends the wait for a credential and a token
   */
  async header(scopes: readonly Scope[], signal: AbortSignal): Promise<string | undefined> {
    const challenge = this.#challenge
    if (challenge === undefined) return undefined
    // A helper, or the program, may ask a person.
    const credential = await waitFor(this.#options.credential(scopes[0]?.repository ?? ''), signal)
    if (credential?.registryToken !== undefined) return `Bearer ${credential.registryToken}`
    if (challenge.scheme === 'basic') return credential && basicAuth(credential)
    return `Bearer ${(await this.#token(challenge, scopes, credential, signal)).value}`
  }

  accept(used: string | undefined): void {
    if (used?.startsWith('Basic ')) this.#accepted.add(used)
  }

  /**
   * Whether a 403 may mean that the login has expired. Some registries answer so, even after a new login exists:
   * https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
   */
  mayHaveEnded(used: string | undefined): boolean {
    return used !== undefined && this.#accepted.has(used)
  }

  /**
   * Handles a 401, or a 403 of a login that may have expired.
   * @returns the header for another try; undefined if another try would send the same header
   * @param used the header that was refused
   */
  async renew(
    challenges: readonly Challenge[],
    scopes: readonly Scope[],
    used: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const bearer = challenges.find(challenge => challenge.scheme === 'bearer')
    const chosen = bearer ?? challenges.find(challenge => challenge.scheme === 'basic') ?? this.#challenge
    if (chosen === undefined) return undefined
    this.#challenge = chosen
    const asked = formatScopes(scopes)
    const key = keyOf(scopes)
    const besides = scopesBesides(bearer?.scope, asked)
    // A request without scopes asks for the login alone, and some registries then name an example.
    if (besides.length > 0 && asked.length > 0) this.#besides.set(key, besides)
    // A refused token may have expired early, or allow too little. A newer one stays.
    if (used === `Bearer ${this.#tokens.get(key)?.value}`) this.#tokens.delete(key)
    const header = await this.header(scopes, signal)
    if (header !== used) return header
    if (chosen.scheme !== 'basic' || used === undefined) return undefined
    const other = await this.#other(scopes)
    return other && basicAuth(other)
  }

  /** A credential other than the current one. */
  async #other([scope]: readonly Scope[]): Promise<Credential | undefined> {
    const repository = scope?.repository ?? ''
    const refused = await this.#options.credential(repository)
    const other = await this.#options.credential(repository, refused)
    return refused && other && !isSameCredential(refused, other) ? other : undefined
  }

  /** Requests that need the same token at once share the request for it. */
  async #token(
    challenge: Bearer,
    scopes: readonly Scope[],
    credential: Credential | undefined,
    signal: AbortSignal,
  ): Promise<Token> {
    const key = keyOf(scopes)
    const known = this.#tokens.get(key)
    if (known !== undefined && this.#options.now() < known.renewAt) return known
    const fetch = async () => {
      const token = await this.#fetchToken(challenge, scopes, credential)
      this.#tokens.set(key, token)
      this.#pending.delete(key)
      return token
    }
    return waitFor(renewOnce(this.#pending, key, fetch), signal)
  }

  /** If the token server refuses the credential, another one is tried: the login may have expired. */
  async #fetchToken(
    challenge: Bearer,
    scopes: readonly Scope[],
    credential: Credential | undefined,
  ): Promise<Token> {
    const texts = [...formatScopes(scopes), ...(this.#besides.get(keyOf(scopes)) ?? [])]
    const now = this.#options.now()
    const isUsed = (login: RefusedLogin) =>
      credential !== undefined && isSameCredential(login.credential, credential)
    const known = this.#refused.find(isUsed)
    if (known !== undefined && now < known.until) throw known.error
    // One request tries the login again, because many that are refused at once may lock an account.
    if (known !== undefined) known.until = now + REFUSED_FOR
    try {
      const token = await this.#options.fetchToken(challenge, texts, credential)
      this.#refused = this.#refused.filter(login => !isUsed(login))
      return token
    } catch (error) {
      if (credential === undefined || !isGpregError(error) || !REFUSALS.has(error.subject.status ?? 0))
        throw error
      const other = await this.#other(scopes)
      if (other !== undefined) return this.#options.fetchToken(challenge, texts, other)
      // 403 is about the scope, 401 about the login itself, which is then refused for every repository.
      if (error.subject.status === 401)
        this.#refused = [
          ...this.#refused.filter(login => !isUsed(login)),
          { credential, error, until: this.#options.now() + REFUSED_FOR },
        ]
      throw error
    }
  }
}

/** The key of what is kept for a request's scopes. */
function keyOf(scopes: readonly Scope[]): string {
  return formatScopes(scopes).join(' ')
}
