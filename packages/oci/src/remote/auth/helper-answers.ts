import { renewOnce } from '../../once.ts'
import { askHelper } from './credential-helper.ts'
import { isSameCredential, type Credential } from './credential.ts'

/**
 * The answers of credential helpers. They are kept, because each question starts a process and may ask a person. A helper is asked
 * anew for a credential that the registry refuses, because many give logins that expire.
 */
export class HelperAnswers {
  readonly #patience: number | undefined
  readonly #signal: AbortSignal
  /** by `helper server` */
  readonly #answers = new Map<string, Promise<Credential | undefined>>()

  /**
   * @param signal stops the helpers
   * @param patience milliseconds until a helper that does not answer is stopped
   */
  constructor(signal: AbortSignal, patience?: number) {
    this.#signal = signal
    this.#patience = patience
  }

  /** @throws as {@link askHelper} */
  async get(name: string, server: string, refused?: Credential): Promise<Credential | undefined> {
    const key = `${name} ${server}`
    const answer = this.#answers.get(key)
    const known = await answer
    const isRefused = known && refused && isSameCredential(known, refused)
    if (answer !== undefined && !isRefused) return known
    return renewOnce(this.#answers, key, () => askHelper(name, server, this.#patience, this.#signal), answer)
  }
}
