import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep, waitForChange } from '@gpreg/core/provider'
import { GpregError, isGpregError } from '@gpreg/oci'
import { PATIENT, withRetry } from '@gpreg/oci/engine'
import type { Registry as Found } from '@azure/arm-containerregistry'
import type { RegistryApi } from '../api/clients.ts'
import { isOurs, tagsOf } from './names.ts'
import { follow } from '../api/operation.ts'
import type { RegistryFinder } from './registry-finder.ts'

/** https://learn.microsoft.com/azure/container-registry/container-registry-skus */
export type AzureSku = 'Basic' | 'Standard' | 'Premium'

export interface RegistryOptions {
  readonly registries: RegistryApi
  readonly finder: RegistryFinder
  readonly resourceGroup: string
  readonly installation: string
  readonly location: string
  readonly sku: AzureSku
}

/** The states in which nothing changes any more; in any other one the registry is still being changed. https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/async-api-reference.md#provisioningstate-property */
const ENDED: ReadonlySet<string> = new Set(['', 'Succeeded', 'Failed', 'Canceled'])
const UNMADE: ReadonlySet<string> = new Set(['Failed', 'Canceled'])

/** The registry that holds the images, with an admin user. */
export class Registry implements Resource {
  readonly #options: RegistryOptions

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  /** The name may change while a free one is looked for. */
  get name(): string {
    return this.#options.finder.resource
  }

  async inspect(context: Context): Promise<Inspection> {
    const { finder, sku, location } = this.#options
    const found = (await finder.find(context)) ?? (await finder.firstName(context))
    if (found !== undefined) return this.#inspectFound(found, context)
    const tags = Object.entries(tagsOf(this.#options.installation)).map(([key, value]) => `${key}=${value}`)
    const reason = `for images, ${sku}, in ${location}, with an admin user, tagged ${tags.join(', ')}`
    return { action: 'create', reason, make: () => this.#create(context) }
  }

  #inspectFound(found: Found, context: Context): Inspection {
    const { provisioningState: state = '', adminUserEnabled, sku } = found
    const isMade = isOurs(found, this.#options.installation)
    if (UNMADE.has(state) && isMade) throw this.#failedError(state)
    if (state === 'Deleting') throw this.#leavingError()
    if (!ENDED.has(state)) {
      const make = async () => {
        await this.#wait(context)
        await this.#enableAdmin(context)
      }
      return { action: 'update', reason: `waits: it is ${state.toLowerCase()}`, make }
    }
    if (adminUserEnabled === true) return keep(isMade ? `is there, ${sku.name}` : 'is there; left as it is')
    const reason = 'turns its admin user on, and changes nothing else'
    return { action: 'update', reason, make: () => this.#enableAdmin(context) }
  }

  /** Tries the names one after the other. An existing registry is never overwritten. It may come from an attempt with a lost response. */
  async #create(context: Context): Promise<void> {
    const { finder } = this.#options
    for (;;) {
      try {
        return await withRetry(context, 'create the registry', PATIENT, attempt =>
          this.#try(attempt, context),
        )
      } catch (error) {
        if (!isGpregError(error, 'name-taken')) throw error
        if ((await finder.nextName(context)) !== undefined) return this.#wait(context)
      }
    }
  }

  async #try(attempt: number, context: Context): Promise<void> {
    const { registries, finder, resourceGroup, installation, location, sku } = this.#options
    if (attempt > 1 && (await finder.isThere(context))) return this.#wait(context)
    const { name } = finder
    const wanted = { location, sku: { name: sku }, adminUserEnabled: true, tags: tagsOf(installation) }
    await follow(
      options => registries.create(resourceGroup, name, wanted, options),
      finder.about('registries/write'),
      context,
      { policy: 'single' },
    )
    finder.created()
  }

  /** Waits for a change that another run began. */
  async #wait(context: Context): Promise<void> {
    const { finder } = this.#options
    await waitForChange(this.name, context, async () => {
      const { provisioningState: state = 'Failed' } = (await finder.find(context)) ?? {}
      if (UNMADE.has(state)) throw this.#failedError(state)
      return ENDED.has(state) ? undefined : state.toLowerCase()
    })
  }

  async #enableAdmin(context: Context): Promise<void> {
    const { registries, finder, resourceGroup } = this.#options
    if ((await finder.find(context))?.adminUserEnabled === true) return
    await follow(
      options => registries.update(resourceGroup, finder.name, { adminUserEnabled: true }, options),
      finder.about('registries/write'),
      context,
    )
  }

  #leavingError(): GpregError {
    return new GpregError('server-error', `${this.name} is being removed`, {
      resource: this.name,
      hint: 'run the same command again when it is gone',
      retryable: false,
    })
  }

  #failedError(state: string): GpregError {
    const { resourceGroup, finder } = this.#options
    const where = `--name ${finder.name} --resource-group ${resourceGroup}`
    return new GpregError('server-error', `${this.name} was not made: its state is ${state}`, {
      resource: this.name,
      hint: `az acr show ${where} --query status may say why; az acr delete ${where} removes it, then run the same command again`,
      retryable: false,
    })
  }
}

/** The absence of the registry. It is removed only if gpreg made it for this installation. */
export class RegistryRemoval implements Resource {
  readonly #options: RegistryOptions

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.finder.resource
  }

  async inspect(context: Context): Promise<Inspection> {
    const found = await this.#options.finder.lookUp(context)
    if (found === undefined) return keep('is not there')
    if (!isOurs(found, this.#options.installation)) return keep('gpreg did not make it')
    return { action: 'delete', reason: 'with every image in it', make: () => this.#remove(context) }
  }

  async #remove(context: Context): Promise<void> {
    const { registries, finder, resourceGroup } = this.#options
    try {
      await follow(
        options => registries.delete(resourceGroup, finder.name, options),
        finder.about('registries/delete'),
        context,
      )
    } catch (error) {
      if (!isGpregError(error, 'not-found')) throw error
    }
  }
}
