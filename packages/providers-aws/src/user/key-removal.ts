import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep } from '@gpreg/core/provider'
import type { AccessKeyOptions } from './access-key.ts'
import { assertNoForeignRights } from './foreign-rights.ts'
import { UserKeys } from './user-keys.ts'
import { isOurs, lookUpUser } from './user.ts'

export type KeyRemovalOptions = Pick<AccessKeyOptions, 'iam' | 'user' | 'installation' | 'vault' | 'journal'>

/** The absence of all keys of a user that gpreg made. */
export class KeyRemoval implements Resource {
  readonly name: string
  readonly #options: KeyRemovalOptions
  readonly #userKeys: UserKeys

  constructor(options: KeyRemovalOptions) {
    this.#options = options
    this.#userKeys = new UserKeys(options.iam, options.user)
    this.name = this.#userKeys.name
  }

  async inspect(context: Context): Promise<Inspection> {
    const user = await lookUpUser(this.#options, context)
    if (user === undefined) return keep('is not there')
    if (!isOurs(user, this.#options)) return keep('gpreg did not make the user')
    await assertNoForeignRights(this.#options, context)
    const ids = (await this.#userKeys.list(context)).map(({ id }) => id)
    if (ids.length === 0) return keep('there are none')
    return { action: 'delete', reason: ids.join(', '), make: () => this.#remove(ids, context) }
  }

  async #remove(ids: readonly string[], context: Context): Promise<void> {
    const { vault, journal } = this.#options
    for (const id of ids) await this.#userKeys.remove(id, context)
    await vault.update({
      registryStorage: undefined,
      storage: undefined,
      journal: await journal.with({ 'keys-before': undefined, superseded: undefined }),
    })
  }
}
