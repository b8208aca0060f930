import { keep, type Inspection, type Resource, type Context } from '@gpreg/core'
import { isGpregError, type ErrorCode } from '@gpreg/oci'

const REFUSALS: readonly ErrorCode[] = ['forbidden', 'not-found', 'usage']

/** A resource that is not needed: a refusal becomes a warning. */
export class OptionalResource implements Resource {
  readonly name: string
  readonly #resource: Resource
  /** Why the resource is not needed. */
  readonly #reason: string

  constructor(resource: Resource, reason: string) {
    this.name = resource.name
    this.#resource = resource
    this.#reason = reason
  }

  async inspect(context: Context): Promise<Inspection> {
    try {
      const inspection = await this.#resource.inspect(context)
      return { ...inspection, make: () => inspection.make().catch(error => this.#warn(error, context)) }
    } catch (error) {
      this.#warn(error, context)
      return keep(`could not be looked at; ${this.#reason}`)
    }
  }

  #warn(error: unknown, context: Context): void {
    if (!isGpregError(error) || !REFUSALS.includes(error.code)) throw error
    const message = `${error.message}; ${this.#reason}`
    context.emit({ type: 'warning', code: 'cloud', message, subject: error.subject })
  }
}
