import { randomBytes } from 'node:crypto'
import { CallLog } from '../calls.ts'
import { ApiError } from '../api-error.ts'

/** A registry, as ARM tells of it. */
export interface AcrRegistry {
  readonly name: string
  readonly group: string
  readonly location: string
  tags: Readonly<Record<string, string>>
  sku: string
  adminUserEnabled: boolean
  state: 'Creating' | 'Updating' | 'Deleting' | 'Succeeded' | 'Failed'
  readonly created: string
  /** `password` and `password2` */
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

/** What both sides of Container Registry know, and what may be in the way. */
export class AzureSubscription {
  readonly log = new CallLog()
  readonly groups = new Set([GROUP])
  readonly registries = new Map<string, AcrRegistry>()
  /** names that others in the world have */
  readonly taken = new Set<string>()
  /** where registries are, behind their name */
  suffix = 'azurecr.io'
  isRegistered = true
  /** Words of a policy that forbids registries. */
  policy: string | undefined
  /** What a creation ends in. */
  outcome: 'Succeeded' | 'Failed' = 'Succeeded'
  /** looks at what goes on before it is done */
  looks = 2
  /** Whether a registry that was just made is not listed yet. */
  isSlowToList = false
  readonly #ends = new Map<string, { looks: number; end(): void }>()

  /** Passwords that were ever told: what must show nowhere. */
  readonly told = new Set<string>()

  assertGroup(group: string): void {
    if (this.groups.has(group)) return
    throw new ApiError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`)
  }

  existing(group: string, name: string): AcrRegistry {
    this.assertGroup(group)
    this.look(name)
    const found = this.registries.get(name)
    if (found?.group === group) return found
    const what = `The Resource 'Microsoft.ContainerRegistry/registries/${name}' under resource group '${group}' was not found.`
    throw new ApiError(404, 'ResourceNotFound', what)
  }

  isTaken(name: string): boolean {
    return this.taken.has(name) || this.registries.has(name)
  }

  /** A PUT: makes, or writes over what is there. */
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

  /** Somebody looks at what goes on. @returns whether it still does */
  look(name: string): boolean {
    const going = this.#ends.get(name)
    if (going === undefined) return false
    if (going.looks-- > 0) return true
    this.#ends.delete(name)
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
    for (const value of registry.passwords.values()) this.told.add(value)
    // No order is promised.
    const passwords = [...registry.passwords].reverse().map(([name, value]) => ({ name, value }))
    return { username: registry.name, passwords }
  }

  loginServer({ name }: AcrRegistry): string {
    return `${name[0]!.toUpperCase()}${name.slice(1)}.${this.suffix}`
  }

  #begin(name: string, end: () => void): void {
    this.#ends.set(name, { looks: this.looks, end })
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

/** Those of Azure are 52 characters. */
const newPassword = (): string => `canary${randomBytes(23).toString('hex')}`
