import { keep, type Inspection, type Resource, type Context } from '@gpreg/core'
import { isGpregError, type ErrorCode } from '@gpreg/oci'

const REFUSALS: readonly ErrorCode[] = ['forbidden', 'not-found', 'usage']

/** A resource that can be done without: a refusal is told, and no more. */
export class OptionalResource implements Resource {
  readonly name: string
  readonly #resource: Resource
  /** Why it can be done without. */
  readonly #reason: string

  constructor(resource: Resource, reason: string) {
    this.name = resource.name
    this.#resource = resource
    this.#reason = reason
  }

  async inspect(context: Context): Promise<Inspection> {
    try {
      const inspection = await this.#resource.inspect(context)
      return { ...inspection, make: () => inspection.make().catch(error => this.#tell(error, context)) }
    } catch (error) {
      this.#tell(error, context)
      return keep(`could not be looked at; ${this.#reason}`)
    }
  }

  #tell(error: unknown, context: Context): void {
    if (!isGpregError(error) || !REFUSALS.includes(error.code)) throw error
    const message = `${error.message}; ${this.#reason}`
    context.emit({ type: 'warning', code: 'cloud', message, subject: error.subject })
  }
}
