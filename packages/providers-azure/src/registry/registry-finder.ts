import type { Context } from '@gpreg/core'
import { GpregError, isGpregError } from '@gpreg/oci'
import type { Registry as Found } from '@azure/arm-containerregistry'
import { call, unless } from '../api/call.ts'
import type { RegistryApi } from '../api/clients.ts'
import type { Call } from '../api/errors.ts'
import { assertName, installationOf, isOurs, namesFor, type Place } from './names.ts'

export interface FinderOptions extends Place {
  readonly registries: RegistryApi
  readonly location: string
  /** of a registry to adopt, or to make under this name and no other */
  readonly name?: string | undefined
}

/** Knows the installation's registry: the one that was named, or else the one with its tags; and where it would be made. */
export class RegistryFinder {
  readonly #options: FinderOptions
  /** Set as soon as it is there: what was just made may not be listed yet. */
  #found: string | undefined
  /** names that were not tried yet, best first */
  #candidates: string[] = []
  #candidate: string

  constructor(options: FinderOptions) {
    if (options.name !== undefined) assertName(options.name)
    this.#options = options
    this.#candidate = options.name ?? namesFor(options)[0]!
  }

  /** What it is called, or would be. */
  get name(): string {
    return this.#found ?? this.#candidate
  }

  get resource(): string {
    return `acr:registry/${this.name}`
  }

  /** @param permission such as `registries/read` */
  about(permission: string): Call {
    const { subscriptionId, resourceGroup, location } = this.#options
    const full = `Microsoft.ContainerRegistry/${permission}`
    return { resource: this.resource, permission: full, subscriptionId, resourceGroup, location }
  }

  /** @throws `not-found` where there is no such resource group, `name-taken` where it belongs to another installation */
  async find(context: Context): Promise<Found | undefined> {
    const name = this.#found ?? this.#options.name
    const found = name === undefined ? await this.#findByTags(context) : await this.#get(name, context)
    if (found !== undefined) this.#assertNotOthers(found)
    this.#found = found?.name
    return found
  }

  /** Without a resource group there is no registry either. */
  async lookUp(context: Context): Promise<Found | undefined> {
    try {
      return await this.find(context)
    } catch (error) {
      if (isGpregError(error, 'not-found')) return undefined
      throw error
    }
  }

  /**
   * Where there is none: starts with the best name that is free.
   * @returns the registry, where it is there after all and was not listed yet
   */
  async firstName(context: Context): Promise<Found | undefined> {
    const { name, ...place } = this.#options
    this.#candidates = name === undefined ? namesFor(place) : [name]
    if (name !== undefined) await this.#assertNoOther(name, context)
    return this.nextName(context)
  }

  /** Goes on to the next name that is free. @throws `name-taken` where none is left */
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

  /** There is one under the name at hand now. */
  made(): void {
    this.#found = this.name
  }

  /** Whether there is one under the name at hand, listed or not. */
  async isThere(context: Context): Promise<boolean> {
    const found = await this.#get(this.name, context)
    if (found !== undefined) this.#assertNotOthers(found)
    this.#found = found?.name
    return found !== undefined
  }

  /** The oldest, should somebody have made two. */
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

  /** Whoever may not ask finds out by making it. */
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

  /** A second registry of the same installation would be found by nobody. */
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
