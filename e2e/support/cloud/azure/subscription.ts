import { randomBytes } from 'node:crypto'
import { CallLog } from '../calls.ts'
import { ApiError } from '../api-error.ts'
import type { RawAnswer } from '../raw-answer.ts'
import { ImageImports } from './image-imports.ts'

/** A registry, as Resource Manager describes it. */
export interface AcrRegistry {
  readonly name: string
  readonly group: string
  readonly location: string
  tags: Readonly<Record<string, string>>
  sku: string
  adminUserEnabled: boolean
  state: 'Creating' | 'Updating' | 'Deleting' | 'Succeeded' | 'Failed'
  readonly created: string
  /** values by name: `password` and `password2` */
  readonly passwords: Map<string, string>
}

export interface RegistryInput {
  readonly location?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly sku?: { readonly name: string }
  readonly properties?: { readonly adminUserEnabled?: boolean }
}

export const SUBSCRIPTION = '00000000-0000-4000-8000-00000000abcd'
export const GROUP = 'gitpod-rg'

/** The state that both APIs of Container Registry share, and the obstacles that a test sets up. */
export class AzureSubscription {
  readonly log = new CallLog()
  readonly imports = new ImageImports()
  /** Answers a call in place of the cloud, so that it has no effect; a test sets it. */
  script: (call: string, url: URL) => RawAnswer | undefined = () => undefined
  readonly groups = new Set([GROUP])
  readonly registries = new Map<string, AcrRegistry>()
  /** registry names that other subscriptions use */
  readonly taken = new Set<string>()
  /** domain of registries; the full host is NAME.SUFFIX */
  suffix = 'azurecr.io'
  isRegistered = true
  /** Message of a policy that forbids registries. */
  policy: string | undefined
  /** Final state of each creation. */
  outcome: 'Succeeded' | 'Failed' = 'Succeeded'
  /** number of status requests before an operation is done */
  polls = 2
  /** True if a list omits a registry that was created a moment ago. */
  isSlowToList = false
  readonly #operations = new Map<string, { polls: number; end(): void }>()

  /** All passwords that were ever returned. They must not appear in any output. */
  readonly shownPasswords = new Set<string>()

  assertGroup(group: string): void {
    if (this.groups.has(group)) return
    throw new ApiError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`)
  }

  existing(group: string, name: string): AcrRegistry {
    this.assertGroup(group)
    this.poll(name)
    const found = this.registries.get(name)
    if (found?.group === group) return found
    const what = `The Resource 'Microsoft.ContainerRegistry/registries/${name}' under resource group '${group}' was not found.`
    throw new ApiError(404, 'ResourceNotFound', what)
  }

  isTaken(name: string): boolean {
    return this.taken.has(name) || this.registries.has(name)
  }

  /** Handles a PUT: creates the registry or overwrites the existing one. */
  put(group: string, name: string, input: RegistryInput): AcrRegistry {
    this.assertGroup(group)
    this.#assertAllowed(name, input)
    const there = this.registries.get(name)
    if (this.taken.has(name) || (there && there.group !== group)) {
      const message = `The registry DNS name ${name}.${this.suffix} is already in use.`
      throw new ApiError(409, 'AlreadyInUse', message)
    }
    const registry: AcrRegistry = {
      name,
      group,
      location: input.location!,
      tags: input.tags ?? {},
      sku: input.sku?.name ?? 'Basic',
      adminUserEnabled: input.properties?.adminUserEnabled ?? false,
      state: 'Creating',
      created: there?.created ?? new Date().toISOString(),
      passwords: there?.passwords ?? new Map(['password', 'password2'].map(one => [one, newPassword()])),
    }
    this.registries.set(name, registry)
    this.#begin(name, () => (registry.state = this.outcome))
    return registry
  }

  update(registry: AcrRegistry, { properties, tags, sku }: RegistryInput): void {
    if (properties?.adminUserEnabled !== undefined) registry.adminUserEnabled = properties.adminUserEnabled
    if (tags) registry.tags = tags
    if (sku) registry.sku = sku.name
    registry.state = 'Updating'
    this.#begin(registry.name, () => (registry.state = 'Succeeded'))
  }

  remove(registry: AcrRegistry): void {
    registry.state = 'Deleting'
    this.#begin(registry.name, () => this.registries.delete(registry.name))
  }

  /** Handles a status request. @returns true if the operation is still running */
  poll(name: string): boolean {
    const going = this.#operations.get(name)
    if (going === undefined) return false
    if (going.polls-- > 0) return true
    this.#operations.delete(name)
    going.end()
    return false
  }

  regenerate(registry: AcrRegistry, name: string): void {
    if (!registry.passwords.has(name)) throw new ApiError(400, 'InvalidRequest', `no password ${name}`)
    registry.passwords.set(name, newPassword())
  }

  credentials(registry: AcrRegistry): object {
    if (!registry.adminUserEnabled) {
      const message = `The operation is disallowed on registry '${registry.name}': the admin user is disabled.`
      throw new ApiError(400, 'UnAuthorizedForCredentialOperations', message)
    }
    for (const value of registry.passwords.values()) this.shownPasswords.add(value)
    // The order is reversed, because Azure promises none.
    const passwords = [...registry.passwords].reverse().map(([name, value]) => ({ name, value }))
    return { username: registry.name, passwords }
  }

  loginServer({ name }: AcrRegistry): string {
    return `${name[0]!.toUpperCase()}${name.slice(1)}.${this.suffix}`
  }

  #begin(name: string, end: () => void): void {
    this.#operations.set(name, { polls: this.polls, end })
  }

  #assertAllowed(name: string, { location, sku }: RegistryInput): void {
    if (!this.isRegistered) {
      const message = "The subscription is not registered to use namespace 'Microsoft.ContainerRegistry'."
      throw new ApiError(409, 'MissingSubscriptionRegistration', message)
    }
    if (this.policy !== undefined) throw new ApiError(403, 'RequestDisallowedByPolicy', this.policy)
    if (!/^[a-zA-Z0-9]{5,50}$/.test(name)) throw new ApiError(400, 'InvalidResourceName', `bad name ${name}`)
    if (!location) throw new ApiError(400, 'LocationRequired', 'The location property is required.')
    if (!sku) throw new ApiError(400, 'MissingSku', 'The sku property is required.')
  }
}

/** A password of Azure has 52 characters. */
const newPassword = (): string => `canary${randomBytes(23).toString('hex')}`
