import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  type AccessKeyMetadata,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { keep, type Inspection, type Resource, type SecretVault, type Context } from '@gpreg/core'
import { GpregError, PATIENT, Sensitive, withRetry } from '@gpreg/oci'
import { call, ONCE, unless } from '../api/call.ts'
import type { Journal } from '../journal.ts'
import { ABSENT, isOurs, lookUpUser } from './user.ts'

export interface AccessKeyOptions {
  readonly iam: IAMClient
  readonly user: string
  readonly installation: string
  readonly vault: SecretVault
  readonly journal: Journal
  /** The object storage uses the same key. */
  readonly isShared: boolean
  /** Make a new one even though there is a good one. */
  readonly rotate: boolean
}

/** A user has two keys at most. https://docs.aws.amazonaws.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MOST_KEYS = 2

interface KeyState {
  readonly keys: readonly AccessKeyMetadata[]
  /** id of the key that the vault holds, as long as it is good */
  readonly stored: string | undefined
  /** made by a run that broke off before it could write the secret down; nobody ever used them */
  readonly orphans: readonly string[]
  /** replaced by an earlier rotation */
  readonly superseded: readonly string[]
}

/** The key that the registry uses. Its secret is told once only, so the vault is written before and right after. */
export class RegistryKey implements Resource {
  readonly name: string
  readonly #options: AccessKeyOptions
  #isRotated = false

  constructor(options: AccessKeyOptions) {
    this.name = `iam:access-key/${options.user}`
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { rotate } = this.#options
    const state = await this.#look(context)
    const isGood = state.stored !== undefined && !(rotate && !this.#isRotated)
    if (isGood && state.orphans.length === 0) return keep(`${state.stored} is in the secrets file`)
    if (isGood) {
      const make = async () => {
        await this.#remove(state.orphans, context)
        await this.#options.journal.write({ 'keys-before': undefined })
      }
      return { action: 'delete', reason: lost(state.orphans), make }
    }
    const doomed = this.#doomed(state)
    const kept = state.keys.filter(({ AccessKeyId: id }) => !doomed.includes(id!))
    if (kept.length >= MOST_KEYS) throw await this.#tooMany(kept, context)
    return {
      action: 'create',
      reason: [
        'its secret goes to the secrets file',
        ...(state.orphans.length > 0 ? [lost(state.orphans)] : []),
        ...(rotate && state.superseded.length > 0
          ? [`removes ${state.superseded.join(', ')}, replaced before`]
          : []),
        ...kept.map(({ AccessKeyId: id }) => `${id} goes on working`),
      ].join('; '),
      make: () => this.#create(context),
    }
  }

  /** From the start each time: a try whose answer was lost may have made a key that nobody knows the secret of. */
  async #create(context: Context): Promise<void> {
    const { iam, user, vault, journal, isShared } = this.#options
    await withRetry(context, 'iam:CreateAccessKey', PATIENT, async () => {
      const state = await this.#look(context)
      const doomed = this.#doomed(state)
      await this.#remove(doomed, context)
      const before = state.keys.map(({ AccessKeyId: id }) => id!).filter(id => !doomed.includes(id))
      await journal.write({ 'keys-before': before })
      const about = { resource: this.name, permission: 'iam:CreateAccessKey' }
      const command = new CreateAccessKeyCommand({ UserName: user })
      const { AccessKey } = await call(context, about, options => iam.send(command, options), ONCE)
      const key = {
        accessKeyId: AccessKey!.AccessKeyId!,
        secretAccessKey: new Sensitive(AccessKey!.SecretAccessKey!),
      }
      const superseded = [...state.superseded, state.stored].filter(id => id && before.includes(id))
      await vault.update({
        registryStorage: key,
        ...(isShared ? { storage: key } : {}),
        journal: await journal.with({ 'keys-before': undefined, superseded: superseded as string[] }),
      })
      this.#isRotated = true
    })
  }

  async #look(context: Context): Promise<KeyState> {
    const { iam, vault, journal } = this.#options
    const keys = await listKeys(this.#options, context)
    const ids = keys.map(({ AccessKeyId: id }) => id!)
    const { registryStorage } = await vault.read()
    const { 'keys-before': before, superseded = [] } = await journal.read()
    const active = keys.find(
      key => key.AccessKeyId === registryStorage?.accessKeyId && key.Status === 'Active',
    )
    const appeared =
      before === undefined ? [] : ids.filter(id => !before.includes(id) && id !== active?.AccessKeyId)
    const found = appeared.length > 0 ? await lookUpUser(this.#options, context) : undefined
    const unused = await Promise.all(appeared.map(async id => !(await lastUse(iam, id, context))))
    return {
      keys,
      stored: active?.AccessKeyId,
      orphans: found && isOurs(found, this.#options) ? appeared.filter((_, index) => unused[index]) : [],
      superseded: superseded.filter(id => ids.includes(id)),
    }
  }

  /** Keys that go before one is made. */
  #doomed({ orphans, superseded }: KeyState): string[] {
    return [...orphans, ...(this.#options.rotate ? superseded : [])]
  }

  async #remove(ids: readonly string[], context: Context): Promise<void> {
    for (const id of ids) {
      await deleteKey(this.#options, id, context)
      const message = `access key ${id} of ${this.#options.user} is removed`
      context.emit({ type: 'warning', code: 'cloud', message, subject: { resource: this.name } })
    }
  }

  async #tooMany(keys: readonly AccessKeyMetadata[], context: Context): Promise<GpregError> {
    const { iam, user } = this.#options
    const described = await Promise.all(
      keys.map(async ({ AccessKeyId: id, CreateDate }) => {
        const used = (await lastUse(iam, id!, context)) ?? 'never used'
        return `${id} (made ${CreateDate?.toISOString().slice(0, 10)}, ${used})`
      }),
    )
    return new GpregError(
      'limit-exceeded',
      `${user} has two access keys, and AWS allows no third: ${described.join(', ')}`,
      {
        resource: this.name,
        hint: `name the --secrets-file that holds one of them; or remove one that nothing uses: aws iam delete-access-key --user-name ${user} --access-key-id ${keys[0]!.AccessKeyId}`,
      },
    )
  }
}

type KeyRemovalOptions = Pick<AccessKeyOptions, 'iam' | 'user' | 'installation' | 'vault' | 'journal'>

/** All keys of a user that gpreg made are to be gone. */
export class KeyRemoval implements Resource {
  readonly name: string
  readonly #options: KeyRemovalOptions

  constructor(options: KeyRemovalOptions) {
    this.name = `iam:access-key/${options.user}`
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const { vault, journal } = this.#options
    const found = await lookUpUser(this.#options, context)
    if (found === undefined) return keep('is not there')
    if (!isOurs(found, this.#options)) return keep('gpreg did not make the user')
    const keys = await listKeys(this.#options, context)
    if (keys.length === 0) return keep('there are none')
    return {
      action: 'delete',
      reason: keys.map(({ AccessKeyId: id }) => id).join(', '),
      make: async () => {
        for (const { AccessKeyId: id } of keys) await deleteKey(this.#options, id!, context)
        await vault.update({
          registryStorage: undefined,
          storage: undefined,
          journal: await journal.with({ 'keys-before': undefined, superseded: undefined }),
        })
      },
    }
  }
}

type Owner = Pick<AccessKeyOptions, 'iam' | 'user'>

async function listKeys({ iam, user }: Owner, context: Context): Promise<readonly AccessKeyMetadata[]> {
  const about = { resource: `iam:access-key/${user}`, permission: 'iam:ListAccessKeys' }
  const command = new ListAccessKeysCommand({ UserName: user })
  const answer = await call(context, about, options => unless(ABSENT, iam.send(command, options)))
  return answer?.AccessKeyMetadata ?? []
}

async function deleteKey({ iam, user }: Owner, id: string, context: Context): Promise<void> {
  const about = { resource: `iam:access-key/${user}/${id}`, permission: 'iam:DeleteAccessKey' }
  const command = new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: id })
  await call(context, about, options => unless(ABSENT, iam.send(command, options)))
}

/** When and for what a key was used last; undefined where it never was. */
async function lastUse(iam: IAMClient, id: string, context: Context): Promise<string | undefined> {
  const about = { resource: `iam:access-key/${id}`, permission: 'iam:GetAccessKeyLastUsed' }
  const command = new GetAccessKeyLastUsedCommand({ AccessKeyId: id })
  const { AccessKeyLastUsed: used } = await call(context, about, options => iam.send(command, options))
  if (used?.LastUsedDate === undefined) return undefined
  return `used last ${used.LastUsedDate.toISOString().slice(0, 10)} for ${used.ServiceName}`
}

function lost(orphans: readonly string[]): string {
  return `removes ${orphans.join(', ')}, made by a run that broke off and never used`
}
