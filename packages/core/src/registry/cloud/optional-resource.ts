import { isGpregError, type ErrorCode, type GpregError } from '@gpreg/oci'
import type { Context } from '../../context.ts'
import { keep, type Inspection, type Resource } from '../resource.ts'

/** The codes by which a cloud says no. Any other error, such as a broken connection, is none of the resource. */
const REFUSALS: readonly ErrorCode[] = ['forbidden', 'not-found', 'usage', 'protocol', 'limit-exceeded']

/** Resources that a cloud cannot have, so that later runs do not ask for them again. */
export interface RefusalMemory {
  has(resource: string): Promise<boolean>
  add(resource: string): Promise<void>
}

/**
 * A resource that is not needed: if the cloud refuses it, that is said, and the work goes on. A missing permission is named, in the
 * warning and in the change, because whoever grants it gets the resource with the next run.
 */
export class OptionalResource implements Resource {
  readonly name: string
  readonly #resource: Resource
  readonly #reason: string
  readonly #memory: RefusalMemory | undefined

  /**
   * @param reason why the resource is not needed
   * @param memory keeps refusals that no permission would change, because the cloud does not have the resource; default: they are
   *   forgotten, so that each run tries it again
   */
  constructor(resource: Resource, reason: string, memory?: RefusalMemory) {
    this.name = resource.name
    this.#resource = resource
    this.#reason = reason
    this.#memory = memory
  }

  async inspect(context: Context): Promise<Inspection> {
    if (await this.#memory?.has(this.name)) return keep(`was refused; ${this.#reason}`)
    try {
      const inspection = await this.#resource.inspect(context)
      return { ...inspection, make: () => this.#make(inspection, context) }
    } catch (error) {
      return keep(this.#outcome('could not be looked at', this.#warn(error, context)))
    }
  }

  async #make(inspection: Inspection, context: Context): ReturnType<Inspection['make']> {
    try {
      return await inspection.make()
    } catch (error) {
      const refusal = this.#warn(error, context)
      if (refusal.code !== 'forbidden') await this.#memory?.add(this.name)
      return { action: 'keep', reason: this.#outcome('was refused', refusal) }
    }
  }

  #outcome(what: string, { subject: { permission } }: GpregError): string {
    return `${what}${permission === undefined ? '' : ` for want of ${permission}`}; ${this.#reason}`
  }

  #warn(error: unknown, context: Context): GpregError {
    if (!isGpregError(error) || !REFUSALS.includes(error.code)) throw error
    const message = [error.message, this.#reason, ...(error.hint === undefined ? [] : [error.hint])].join(
      '; ',
    )
    context.emit({ type: 'warning', code: 'cloud', message, subject: error.subject })
    return error
  }
}
