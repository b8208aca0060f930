import { type Inspection, type Resource, type Context } from '@gpreg/core'
import { keep } from '@gpreg/core/provider'
import { GpregError, isGpregError } from '@gpreg/oci'
import { PATIENT, type RetryPolicy } from '@gpreg/oci/engine'
import { protos, type ArtifactRegistryClient } from '@google-cloud/artifact-registry'
import { call, ONE_TRY, unless } from '../api/call.ts'
import { gcpError } from '../api/errors.ts'
import type { GcpCall } from '../api/gcp-call.ts'
import { SERVICE_DISABLED } from '../api/reasons.ts'
import { failureOf } from '../api/failure.ts'
import { hasLabels, labelsOf } from './labels.ts'
import { follow } from '../api/operation.ts'
import type { RepositoryLocation } from './repository-location.ts'

/** The used part of the client of Artifact Registry. */
export type Repositories = Pick<
  ArtifactRegistryClient,
  'initialize' | 'getRepository' | 'createRepository' | 'deleteRepository'
>

export interface RepositoryOptions {
  readonly repositories: Repositories
  readonly where: RepositoryLocation
  readonly installation: string
}

type Found = protos.google.devtools.artifactregistry.v1.IRepository
const { Format } = protos.google.devtools.artifactregistry.v1.Repository

/**
 * A call to an API that was just enabled is refused for up to a few minutes. Sixteen pauses between the tries, each of up to ten
 * seconds, are two to three minutes in all.
 */
const TAKES_EFFECT: RetryPolicy = { attempts: 17, base: 10_000, cap: 10_000 }

/** The repository that holds the images. https://cloud.google.com/artifact-registry/docs/repositories/create-repos */
export class Repository implements Resource {
  readonly name: string
  readonly #options: RepositoryOptions

  constructor(options: RepositoryOptions) {
    this.name = resourceName(options.where)
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const found = await findRepository(this.#options, context)
    if (found !== undefined) return this.#kept(found)
    const labels = Object.entries(labelsOf(this.#options.installation)).map(
      ([key, value]) => `${key}=${value}`,
    )
    const reason = `for images, in ${this.#options.where.location}, labelled ${labels.join(', ')}`
    return { action: 'create', reason, make: () => this.#create(context) }
  }

  #kept(found: Found): Inspection {
    const format = typeof found.format === 'number' ? Format[found.format] : found.format
    const isOurs = hasLabels(found, this.#options.installation)
    if (format === 'DOCKER') return keep(isOurs ? 'is there' : 'is there; left as it is')
    throw new GpregError('name-taken', `${this.name} is there, and is not for images of containers`, {
      resource: this.name,
      hint: `its format is ${format}, not DOCKER: name another --installation, or remove it`,
    })
  }

  async #create(context: Context): Promise<void> {
    const { repositories, installation, where } = this.#options
    const about = aboutOf(where, 'artifactregistry.repositories.create')
    const request = {
      parent: `projects/${where.project}/locations/${where.location}`,
      repositoryId: where.repository,
      repository: {
        format: Format.DOCKER,
        description: 'Workspace images of Gitpod',
        labels: labelsOf(installation),
      },
    }
    const create = () => retryableIfDisabled(repositories.createRepository(request, ONE_TRY), about)
    const patience = (error: GpregError) => (error.code === 'forbidden' ? TAKES_EFFECT : PATIENT)
    try {
      const [operation] = await call(context, about, create, patience)
      await follow(operation, about, context)
    } catch (error) {
      if (!isGpregError(error, 'name-taken')) throw error
      // The repository may come from an attempt with a lost response, or from another run.
      const found = await findRepository(this.#options, context)
      if (found === undefined) throw error
      this.#kept(found)
    }
  }
}

/** The absence of the repository. It is removed only if gpreg made it for this installation. */
export class RepositoryRemoval implements Resource {
  readonly name: string
  readonly #options: RepositoryOptions

  constructor(options: RepositoryOptions) {
    this.name = resourceName(options.where)
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const found = await findRepository(this.#options, context)
    if (found === undefined) return keep('is not there')
    if (!hasLabels(found, this.#options.installation))
      return keep('gpreg did not make it for this installation')
    return { action: 'delete', reason: 'with every image in it', make: () => this.#remove(context) }
  }

  async #remove(context: Context): Promise<void> {
    const { repositories, where } = this.#options
    const about = aboutOf(where, 'artifactregistry.repositories.delete')
    const name = fullName(where)
    try {
      const [operation] = await call(context, about, () => repositories.deleteRepository({ name }, ONE_TRY))
      await follow(operation, about, context)
    } catch (error) {
      if (!isGpregError(error, 'not-found')) throw error
    }
  }
}

/** @returns undefined also while the API is off, because its repositories cannot be read then */
export function findRepository(options: RepositoryOptions, context: Context): Promise<Found | undefined> {
  const { repositories, where } = options
  return call(context, aboutOf(where, 'artifactregistry.repositories.get'), async () => {
    const answer = repositories.getRepository({ name: fullName(where) }, ONE_TRY)
    return (await unless(['NOT_FOUND', SERVICE_DISABLED], answer))?.[0]
  })
}

/** Lets a call be retried while its API is off: it may have been enabled a moment ago. */
async function retryableIfDisabled<T>(answer: Promise<T>, about: GcpCall): Promise<T> {
  try {
    return await answer
  } catch (thrown) {
    if (failureOf(thrown)?.reason !== SERVICE_DISABLED) throw thrown
    throw gcpError(thrown, about).with({ retryable: true })
  }
}

const fullName = ({ project, location, repository }: RepositoryLocation): string =>
  `projects/${project}/locations/${location}/repositories/${repository}`

const resourceName = ({ location, repository }: RepositoryLocation): string =>
  `artifactregistry:repository/${location}/${repository}`

const aboutOf = (where: RepositoryLocation, permission: string): GcpCall => ({
  project: where.project,
  resource: resourceName(where),
  permission,
})
