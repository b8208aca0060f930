import { randomUUID } from 'node:crypto'

/** Id of the account. An account has one registry in each region. */
export const ECR_ACCOUNT = '123456789012'
export const ECR_REGION = 'eu-west-1'
export const ECR_HOST = `${ECR_ACCOUNT}.dkr.ecr.${ECR_REGION}.amazonaws.com`

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html */
export interface EcrRepository {
  readonly repositoryName: string
  readonly imageTagMutability: string
  readonly tags: readonly { readonly Key: string; readonly Value: string }[]
}

export type Standing = 'stranger' | 'expired' | 'known'

const TWELVE_HOURS = 12 * 60 * 60 * 1000

/** The state that both APIs of ECR share: the repositories and the valid logins. */
export class EcrAccount {
  readonly repositories = new Map<string, EcrRepository>()
  /** milliseconds from the issue of a login to its end */
  life = TWELVE_HOURS
  /** end of each login, by password */
  readonly #logins = new Map<string, number>()

  /** Number of logins issued so far. */
  get issued(): number {
    return this.#logins.size
  }

  issue(): { readonly password: string; readonly expiresAt: number } {
    const [password, expiresAt] = [randomUUID(), Date.now() + this.life]
    this.#logins.set(password, expiresAt)
    return { password, expiresAt }
  }

  /** Invalidates all logins before their end. */
  expire(): void {
    for (const password of this.#logins.keys()) this.#logins.set(password, 0)
  }

  /** @param authorization the header `Authorization` */
  standingOf(authorization = ''): Standing {
    const [, encoded = ''] = /^Basic (.+)$/.exec(authorization) ?? []
    const [, password = ''] = /^AWS:(.+)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? []
    const expiresAt = this.#logins.get(password)
    if (expiresAt === undefined) return 'stranger'
    return expiresAt < Date.now() ? 'expired' : 'known'
  }

  /** The message that both APIs of ECR use for a missing repository. */
  missing(name: string): string {
    return `The repository with name '${name}' does not exist in the registry with id '${ECR_ACCOUNT}'`
  }
}
