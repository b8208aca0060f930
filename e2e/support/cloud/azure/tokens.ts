import { randomBytes } from 'node:crypto'

export interface Claims {
  readonly aud: string
  readonly tid: string
  /** seconds since the epoch */
  readonly exp: number
}

/** Issues tokens in the form of a JWT. The issuer remembers its tokens, so no signature is needed. */
export class TokenIssuer {
  readonly #issued = new Map<string, Claims>()

  issue(claims: Claims): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signature = randomBytes(24).toString('base64url')
    const token = `${part({ typ: 'JWT', alg: 'RS256' })}.${part(claims)}.${signature}`
    this.#issued.set(token, claims)
    return token
  }

  /** @returns undefined for a token of another issuer or an expired one */
  read(token: string): Claims | undefined {
    const claims = this.#issued.get(token)
    return claims !== undefined && claims.exp * 1000 > Date.now() ? claims : undefined
  }

  /** All issued tokens. They must not appear in any output. */
  get all(): readonly string[] {
    return [...this.#issued.keys()]
  }
}

export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds
