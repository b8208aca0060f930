import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep } from '@gpreg/core/provider'
import { protos, type ServiceUsageClient } from '@google-cloud/service-usage'
import { call, ONE_TRY } from './api/call.ts'
import { follow } from './api/operation.ts'

/** The used part of the client of Service Usage. */
export type Services = Pick<ServiceUsageClient, 'initialize' | 'getService' | 'enableService'>

export interface ServiceOptions {
  readonly services: Services
  readonly project: string
  /** such as `artifactregistry.googleapis.com` */
  readonly service: string
}

const { State } = protos.google.api.serviceusage.v1

/** An enabled API of a project. https://cloud.google.com/service-usage/docs/enable-disable */
export class EnabledService implements Resource {
  readonly name: string
  readonly #options: ServiceOptions
  readonly #fullName: string

  constructor(options: ServiceOptions) {
    this.name = serviceName(options.service)
    this.#options = options
    this.#fullName = `projects/${options.project}/services/${options.service}`
  }

  async inspect(context: Context): Promise<Inspection> {
    const { services, project } = this.#options
    const about = { project, resource: this.name, permission: 'serviceusage.services.get' }
    const name = this.#fullName
    const [{ state }] = await call(context, about, () => services.getService({ name }, ONE_TRY))
    if (state === 'ENABLED' || state === State.ENABLED) return keep('is enabled')
    return { action: 'update', reason: 'enables the API', make: () => this.#enable(context) }
  }

  async #enable(context: Context): Promise<void> {
    const { services, project } = this.#options
    const about = { project, resource: this.name, permission: 'serviceusage.services.enable' }
    const looking = { ...about, permission: 'serviceusage.operations.get' }
    const name = this.#fullName
    const [operation] = await call(context, about, () => services.enableService({ name }, ONE_TRY))
    await follow(operation, looking, context)
  }
}

/** An API that stays enabled after `destroy`, because other parts of the project may use it. */
export class LeftService implements Resource {
  readonly name: string

  constructor(service: string) {
    this.name = serviceName(service)
  }

  async inspect(): Promise<Inspection> {
    return keep('APIs are left enabled: others may use them')
  }
}

const serviceName = (service: string): string => `serviceusage:service/${service}`
