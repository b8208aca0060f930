import type { Context } from '@gpreg/core'
import { GpregError, isGpregError } from '@gpreg/oci'
import { unlessMissing } from '@gpreg/oci/engine'
import type { Registry as Found } from '@azure/arm-containerregistry'
import { call, unless } from '../api/call.ts'
import type { RegistryApi } from '../api/clients.ts'
import type { AzureCall } from '../api/azure-call.ts'
import { installationOf, isOurs, namesFor, type NameSeed } from './names.ts'

export interface FinderOptions extends NameSeed {
  readonly registries: RegistryApi
  readonly location: string
  /** name of a registry to adopt, or the only name to create a registry with */
  readonly name?: string | undefined
}

/** Finds the installation's registry: the named one, or else the one with its tags. Chooses the name of a new registry. */
export class RegistryFinder {
  readonly #options: FinderOptions
  /** name of the registry, once it exists; stored because a new registry may not be listed yet */
  #found: string | undefined
  /** names not tried yet, best first */
  #candidates: string[] = []
  #candidate: string

  constructor(options: FinderOptions) {
    this.#options = options
    this.#candidate = options.name ?? namesFor(options)[0]!
  }

  /** The name of the registry, or of the one to create. */
  get name(): string {
    return this.#found ?? this.#candidate
  }

  get resource(): string {
    return `acr:registry/${this.name}`
  }

  /** @param permission such as `registries/read` */
  about(permission: string): AzureCall {
    const { subscriptionId, resourceGroup, location } = this.#options
    const full = `Microsoft.ContainerRegistry/${permission}`
    return { resource: this.resource, permission: full, subscriptionId, resourceGroup, location }
  }

  /** @throws `not-found` for a missing resource group, `name-taken` for a registry of another installation */
  async find(context: Context): Promise<Found | undefined> {
    const name = this.#found ?? this.#options.name
    const found = name === undefined ? await this.#findByTags(context) : await this.#get(name, context)
    if (found !== undefined) this.#assertNotOthers(found)
    this.#found = found?.name
    return found
  }

  /** As `find`, but undefined for a missing resource group. */
  async lookUp(context: Context): Promise<Found | undefined> {
    return unlessMissing(() => this.find(context))
  }

  /**
   * Chooses the best free name for a new registry.
   * @returns a registry that exists after all, but was not listed yet
   */
  async firstName(context: Context): Promise<Found | undefined> {
    const { name, ...seed } = this.#options
    this.#candidates = name === undefined ? namesFor(seed) : [name]
    if (name !== undefined) await this.#assertNoOther(name, context)
    return this.nextName(context)
  }

  /** Chooses the next free name; returns as `firstName`. @throws `name-taken` if none is left */
  async nextName(context: Context): Promise<Found | undefined> {
    for (;;) {
      const name = this.#candidates.shift()
      if (name === undefined) throw this.#takenError()
      this.#candidate = name
      if (await this.#isAvailable(name, context)) return undefined
      const found = await this.#get(name, context)
      if (found === undefined || !isOurs(found, this.#options.installation)) continue
      this.#found = found.name
      return found
    }
  }

  /** Notes that a registry with the chosen name exists now. */
  created(): void {
    this.#found = this.name
  }

  /** Whether a registry with the chosen name exists, listed or not. */
  async isThere(context: Context): Promise<boolean> {
    const found = await this.#get(this.name, context)
    if (found !== undefined) this.#assertNotOthers(found)
    this.#found = found?.name
    return found !== undefined
  }

  /** The registry with the tags of the installation. If there are two, the oldest is taken. */
  async #findByTags(context: Context): Promise<Found | undefined> {
    const { registries, resourceGroup, installation } = this.#options
    const all = await call(context, this.about('registries/read'), options =>
      Array.fromAsync(registries.listByResourceGroup(resourceGroup, options)),
    )
    const ours = all.filter(found => isOurs(found, installation))
    return ours.sort((one, other) => ageOf(one) - ageOf(other))[0]
  }

  #get(name: string, context: Context): Promise<Found | undefined> {
    const { registries, resourceGroup } = this.#options
    return call(context, this.about('registries/read'), options =>
      unless(['ResourceNotFound'], registries.get(resourceGroup, name, options)),
    )
  }

  /** Whether a name is free. Also true without the permission to ask, because the creation then shows whether the name is taken. */
  async #isAvailable(name: string, context: Context): Promise<boolean> {
    const { registries } = this.#options
    const type = 'Microsoft.ContainerRegistry/registries'
    try {
      const { nameAvailable } = await call(context, this.about('checkNameAvailability/read'), options =>
        registries.checkNameAvailability({ name, type }, options),
      )
      return nameAvailable === true
    } catch (error) {
      if (!isGpregError(error, 'forbidden') || error.subject.permission === undefined) throw error
      const message = `${error.message}; whether the name is taken shows when it is made`
      context.emit({ type: 'warning', code: 'cloud', message, subject: error.subject })
      return true
    }
  }

  #assertNotOthers(found: Found): void {
    const owner = installationOf(found)
    if (owner === undefined || owner === this.#options.installation) return
    throw new GpregError('name-taken', `the registry ${found.name} belongs to the installation ${owner}`, {
      resource: this.resource,
      hint: `name another one with --name, or give --installation ${owner}`,
    })
  }

  /** Refuses a second registry of the same installation, because nothing would find it. */
  async #assertNoOther(name: string, context: Context): Promise<void> {
    const other = await this.#findByTags(context)
    if (other === undefined) return
    throw new GpregError('usage', `the installation has the registry ${other.name}, and would get ${name}`, {
      resource: `acr:registry/${other.name}`,
      hint: 'leave out --name to go on with it, or remove it before with --destroy',
    })
  }

  #takenError(): GpregError {
    const { name } = this.#options
    const what = name ?? `every name from ${namesFor(this.#options)[0]} to ${this.#candidate}`
    return new GpregError('name-taken', `${what} is taken by somebody else in Azure`, {
      resource: this.resource,
      hint: 'names of registries are of the whole world: choose another with --name',
    })
  }
}

const ageOf = ({ creationDate }: Found): number => creationDate?.getTime() ?? 0
