import type { IAMClient } from '@aws-sdk/client-iam'
import { type Inspection, type Resource, type SecretVault, type Context } from '@gpreg/core'
import { keep, type VaultJournal } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { PATIENT, withRetry } from '@gpreg/oci/engine'
import type { AwsJournalEntry } from '../names.ts'
import { UserKeys, type KeyUse, type ListedKey } from './user-keys.ts'
import { isOurs, lookUpUser } from './user.ts'

export interface AccessKeyOptions {
  readonly iam: IAMClient
  readonly user: string
  readonly installation: string
  readonly vault: SecretVault
  readonly journal: VaultJournal<AwsJournalEntry>
  /** The object storage uses the same key. */
  readonly isShared: boolean
  /** Make a new key although the vault holds a good one. */
  readonly rotate: boolean
}

/** A user has two keys at most. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MOST_KEYS = 2

interface KeyState {
  readonly keys: readonly ListedKey[]
  /** id of the key in the vault, if IAM still has it active */
  readonly stored: string | undefined
  /** never used keys of a run that broke off before it stored their secret */
  readonly orphans: readonly string[]
  /** keys that an earlier rotation replaced */
  readonly superseded: readonly string[]
}

/** The key that the registry uses. AWS shows its secret only once, so the vault is written right before and right after the key is made. */
export class RegistryKey implements Resource {
  readonly name: string
  readonly #options: AccessKeyOptions
  readonly #userKeys: UserKeys
  #isRotated = false

  constructor(options: AccessKeyOptions) {
    this.#options = options
    this.#userKeys = new UserKeys(options.iam, options.user)
    this.name = this.#userKeys.name
  }

  async inspect(context: Context): Promise<Inspection> {
    const { rotate, journal } = this.#options
    const state = await this.#look(context)
    const { stored, orphans } = state
    const isGood = stored !== undefined && !(rotate && !this.#isRotated)
    if (isGood && orphans.length === 0) return keep(`${stored} is in the secrets file`)
    if (isGood) {
      const make = async () => {
        await this.#remove(orphans, context)
        await journal.write({ 'keys-before': undefined })
      }
      return { action: 'delete', reason: orphanReason(orphans), make }
    }
    const kept = this.#keptKeys(state)
    if (kept.length >= MOST_KEYS) throw await this.#tooManyError(kept, context)
    return { action: 'create', reason: this.#creationReason(state), make: () => this.#create(context) }
  }

  /** Each attempt lists all keys again, because an attempt with a lost response may have made a key with an unknown secret. */
  async #create(context: Context): Promise<void> {
    const { vault, journal, isShared } = this.#options
    await withRetry(context, 'iam:CreateAccessKey', PATIENT, async () => {
      const state = await this.#look(context)
      const before = this.#keptKeys(state).map(({ id }) => id)
      await this.#remove(this.#doomed(state), context)
      await journal.write({ 'keys-before': before })
      const key = await this.#userKeys.create(context)
      const replaced = [...state.superseded, ...(state.stored === undefined ? [] : [state.stored])]
      const superseded = replaced.filter(id => before.includes(id))
      await vault.update({
        registryStorage: key,
        ...(isShared ? { storage: key } : {}),
        journal: await journal.with({ 'keys-before': undefined, superseded }),
      })
      this.#isRotated = true
    })
  }

  async #look(context: Context): Promise<KeyState> {
    const { vault, journal } = this.#options
    const keys = await this.#userKeys.list(context)
    const { registryStorage } = await vault.read()
    const before = await journal.get('keys-before')
    const superseded = (await journal.get('superseded')) ?? []
    const stored = keys.find(({ id, isActive }) => isActive && id === registryStorage?.accessKeyId)?.id
    const appeared = keys.flatMap(({ id }) =>
      before === undefined || before.includes(id) || id === stored ? [] : [id],
    )
    return {
      keys,
      stored,
      orphans: await this.#orphansAmong(appeared, context),
      superseded: superseded.filter(id => keys.some(key => key.id === id)),
    }
  }

  async #orphansAmong(appeared: readonly string[], context: Context): Promise<string[]> {
    if (appeared.length === 0) return []
    const user = await lookUpUser(this.#options, context)
    const uses = await Promise.all(appeared.map(id => this.#userKeys.lastUse(id, context)))
    if (user === undefined || !isOurs(user, this.#options)) return []
    return appeared.filter((_, index) => uses[index] === undefined)
  }

  /** The keys that are removed before a new one is made. */
  #doomed({ orphans, superseded }: KeyState): string[] {
    return [...orphans, ...(this.#options.rotate ? superseded : [])]
  }

  #keptKeys(state: KeyState): ListedKey[] {
    const doomed = this.#doomed(state)
    return state.keys.filter(({ id }) => !doomed.includes(id))
  }

  #creationReason(state: KeyState): string {
    const { orphans, superseded } = state
    const replaces = this.#options.rotate && superseded.length > 0
    return [
      'its secret goes to the secrets file',
      ...(orphans.length > 0 ? [orphanReason(orphans)] : []),
      ...(replaces ? [`removes ${superseded.join(', ')}, replaced before`] : []),
      ...this.#keptKeys(state).map(({ id }) => `${id} goes on working`),
    ].join('; ')
  }

  async #remove(ids: readonly string[], context: Context): Promise<void> {
    for (const id of ids) {
      await this.#userKeys.remove(id, context)
      const message = `access key ${id} of ${this.#options.user} is removed`
      context.emit({ type: 'warning', code: 'cloud', message, subject: { resource: this.name } })
    }
  }

  async #tooManyError(keys: readonly ListedKey[], context: Context): Promise<GpregError> {
    const { user } = this.#options
    const withUses = await Promise.all(
      keys.map(async key => ({ ...key, use: await this.#userKeys.lastUse(key.id, context) })),
    )
    // The one that nothing uses comes first, else the one that was not used for longest.
    const [least, ...others] = withUses.sort((one, other) => usedAt(one) - usedAt(other))
    const described = [least, ...others].map(key => key && describe(key))
    return new GpregError(
      'limit-exceeded',
      `${user} has two access keys, and AWS allows no third: ${described.join(', ')}`,
      {
        resource: this.name,
        hint: `name the --secrets-file that holds one of them; or remove ${least?.use === undefined ? 'the one that was never used' : 'the one that was not used for longest, if nothing needs it'}: aws iam delete-access-key --user-name ${user} --access-key-id ${least?.id}`,
      },
    )
  }
}

interface UsedKey extends ListedKey {
  readonly use: KeyUse | undefined
}

const usedAt = ({ use }: UsedKey): number => use?.at.getTime() ?? 0

function describe({ id, createdAt, use }: UsedKey): string {
  const used = use === undefined ? 'never used' : `used last ${dayOf(use.at)} for ${use.service}`
  return `${id} (made ${createdAt === undefined ? 'at an unknown time' : dayOf(createdAt)}, ${used})`
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10)

function orphanReason(orphans: readonly string[]): string {
  return `removes ${orphans.join(', ')}, made by a run that broke off and never used`
}
