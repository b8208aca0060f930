import { keep, type Inspection, type Resource, type SecretVault, type Context } from '@gpreg/core'
import { type Login, GpregError, Sensitive } from '@gpreg/oci'
import type { Registry as Found, RegistryListCredentialsResult } from '@azure/arm-containerregistry'
import { call } from '../api/call.ts'
import type { RegistryApi } from '../api/clients.ts'
import { isOurs } from './names.ts'
import type { RegistryFinder } from './registry-finder.ts'

export interface AdminLoginOptions {
  readonly registries: RegistryApi
  readonly finder: RegistryFinder
  readonly resourceGroup: string
  readonly vault: SecretVault
  /** Make the password anew that is not in use, and use that one. */
  readonly rotate: boolean
}

/** The admin user has two, either of which is good. */
type PasswordName = 'password' | 'password2'
const PASSWORDS: readonly PasswordName[] = ['password', 'password2']

/** What the vault's journal says; nothing in it is secret. */
interface Journal {
  /** name of the password that the vault holds */
  readonly password?: readonly string[]
  /** name of the one that a rotation was about to make anew */
  readonly rotating?: readonly string[]
}

/** The login that Gitpod uses. Passwords can be asked for again, so what is in the vault is only held against them. */
export class AdminLogin implements Resource {
  readonly #options: AdminLoginOptions
  /** There is a password that was made by this run, and may not be known everywhere yet. */
  isFresh = false

  constructor(options: AdminLoginOptions) {
    this.#options = options
  }

  get name(): string {
    return resourceOf(this.#options.finder)
  }

  async inspect(context: Context): Promise<Inspection> {
    const { finder, rotate } = this.#options
    const found = await finder.find(context)
    const reason = 'its password goes to the secrets file'
    if (found === undefined || !hasPasswords(found)) {
      return { action: 'create', reason, make: async () => this.#store(await this.#list(context)) }
    }
    const given = await this.#list(context)
    const active = await this.#active(given)
    const { rotating } = await this.#journal()
    if (rotating !== undefined || (rotate && !this.isFresh)) {
      const steps = [
        `makes ${otherThan(active)} anew, which goes to the secrets file`,
        `${active ?? 'password'} goes on working until the next rotation`,
        ...(rotating === undefined ? [] : ['a run that broke off had begun it']),
      ]
      return { action: 'update', reason: steps.join('; '), make: () => this.#rotate(active, context) }
    }
    if (active !== undefined) return keep(`${active} is in the secrets file`)
    return { action: 'create', reason, make: () => this.#store(given) }
  }

  /** Either password does; after a rotation the one that was made last. */
  async #store(given: RegistryListCredentialsResult): Promise<void> {
    const { password: [last] = [] } = await this.#journal()
    await this.#write(given, PASSWORDS.find(name => name === last) ?? 'password')
  }

  /**
   * The password at hand is not touched, so whatever a crash leaves behind works: before the new one is written down, nobody
   * has it, and it may be made anew again.
   */
  async #rotate(active: PasswordName | undefined, context: Context): Promise<void> {
    const { registries, finder, resourceGroup, vault } = this.#options
    const name = otherThan(active)
    await vault.update({ journal: { ...(active ? { password: [active] } : {}), rotating: [name] } })
    const about = { ...finder.about('registries/regenerateCredential/action'), resource: this.name }
    const given = await call(context, about, options =>
      registries.regenerateCredential(resourceGroup, finder.name, { name }, options),
    )
    await this.#write(given, name)
  }

  async #write(given: RegistryListCredentialsResult, name: PasswordName): Promise<void> {
    const registry = loginOf(given, name)
    if (registry === undefined) {
      throw new GpregError('protocol', `Azure told no ${name} of ${this.name}`, { resource: this.name })
    }
    await this.#options.vault.update({ registry, journal: { password: [name] } })
    this.isFresh = true
  }

  #list(context: Context): Promise<RegistryListCredentialsResult> {
    const { registries, finder, resourceGroup } = this.#options
    const about = { ...finder.about('registries/listCredentials/action'), resource: this.name }
    return call(context, about, options => registries.listCredentials(resourceGroup, finder.name, options))
  }

  /** Name of the password that the vault holds, as long as it is good. */
  async #active(given: RegistryListCredentialsResult): Promise<PasswordName | undefined> {
    const { registry } = await this.#options.vault.read()
    return PASSWORDS.find(name => {
      const login = loginOf(given, name)
      if (login === undefined || registry === undefined) return false
      return login.username === registry.username && login.password.reveal() === registry.password.reveal()
    })
  }

  async #journal(): Promise<Journal> {
    return (await this.#options.vault.read()).journal ?? {}
  }
}

type RemovalOptions = Pick<AdminLoginOptions, 'finder' | 'vault'> & { readonly installation: string }

/** The login is to be forgotten with the registry that it is for. */
export class AdminLoginRemoval implements Resource {
  readonly #options: RemovalOptions

  constructor(options: RemovalOptions) {
    this.#options = options
  }

  get name(): string {
    return resourceOf(this.#options.finder)
  }

  async inspect(context: Context): Promise<Inspection> {
    const { finder, vault, installation } = this.#options
    if ((await vault.read()).registry === undefined) return keep('is in no secrets file')
    const found = await finder.lookUp(context)
    if (found !== undefined && !isOurs(found, installation)) return keep('the registry stays')
    const make = () => vault.update({ registry: undefined, journal: undefined })
    return { action: 'delete', reason: 'it is of no use without the registry', make }
  }
}

const resourceOf = ({ name }: RegistryFinder): string => `acr:admin-login/${name}`

const hasPasswords = ({ adminUserEnabled, provisioningState }: Found): boolean =>
  adminUserEnabled === true && provisioningState !== 'Creating'

/** `password2` first, as Microsoft advises: it is `password` that most use. */
const otherThan = (active: PasswordName | undefined): PasswordName =>
  active === 'password2' ? 'password' : 'password2'

/** Picked by name: no order is promised. */
function loginOf(
  { username, passwords }: RegistryListCredentialsResult,
  name: PasswordName,
): Login | undefined {
  const value = passwords?.find(password => password.name === name)?.value
  return username && value ? { username, password: new Sensitive(value) } : undefined
}
