import { keep, type Inspection, type Resource, type Context } from '@gpreg/core'
import { GpregError, isGpregError, PATIENT, type RetryPolicy } from '@gpreg/oci'
import { protos, type ArtifactRegistryClient } from '@google-cloud/artifact-registry'
import { Status } from 'google-gax'
import { call, ONE_TRY } from '../api/call.ts'
import { gcpError, SERVICE_DISABLED, type Call } from '../api/errors.ts'
import { failureOf } from '../api/failure.ts'
import { hasLabels, labelsOf } from './labels.ts'
import { follow } from '../api/operation.ts'
import type { Place } from './repository-location.ts'

/** What of the client of Artifact Registry is used. */
export type Repositories = Pick<
  ArtifactRegistryClient,
  'initialize' | 'getRepository' | 'createRepository' | 'deleteRepository'
>

export interface RepositoryOptions {
  readonly repositories: Repositories
  readonly place: Place
  readonly installation: string
}

type Found = protos.google.devtools.artifactregistry.v1.IRepository
const { Format } = protos.google.devtools.artifactregistry.v1.Repository

/** An API that was just enabled is refused for up to a few minutes: about two are waited for. */
const TAKES_EFFECT: RetryPolicy = { attempts: 17, base: 10_000, cap: 10_000 }

/** Where the images go. https://cloud.google.com/artifact-registry/docs/repositories/create-repos */
export class Repository implements Resource {
  readonly name: string
  readonly #options: RepositoryOptions

  constructor(options: RepositoryOptions) {
    this.name = resourceName(options.place)
    this.#options = options
  }

  async inspect(context: Context): Promise<Inspection> {
    const found = await findRepository(this.#options, context)
    if (found !== undefined) return this.#kept(found)
    const reason = `for images, in ${this.#options.place.location}`
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
    const { repositories, installation, place } = this.#options
    const about = aboutOf(place, 'artifactregistry.repositories.create')
    const request = {
      parent: `projects/${place.project}/locations/${place.location}`,
      repositoryId: place.repository,
      repository: {
        format: Format.DOCKER,
        description: 'Workspace images of Gitpod',
        labels: labelsOf(installation),
      },
    }
    const create = () => unlessDisabled(repositories.createRepository(request, ONE_TRY), about)
    const patience = (error: GpregError) => (error.code === 'forbidden' ? TAKES_EFFECT : PATIENT)
    try {
      const [operation] = await call(context, about, create, patience)
      await follow(operation, about, context)
    } catch (error) {
      if (!isGpregError(error, 'name-taken')) throw error
      // Of a try whose answer was lost, or made by another meanwhile.
      const found = await findRepository(this.#options, context)
      if (found === undefined) throw error
      this.#kept(found)
    }
  }
}

/** The repository is to be gone, where it was made for this installation. */
export class RepositoryRemoval implements Resource {
  readonly name: string
  readonly #options: RepositoryOptions

  constructor(options: RepositoryOptions) {
    this.name = resourceName(options.place)
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
    const { repositories, place } = this.#options
    const about = aboutOf(place, 'artifactregistry.repositories.delete')
    const name = fullName(place)
    try {
      const [operation] = await call(context, about, () => repositories.deleteRepository({ name }, ONE_TRY))
      await follow(operation, about, context)
    } catch (error) {
      if (!isGpregError(error, 'not-found')) throw error
    }
  }
}

/** @returns undefined also while the API is off: what is in it cannot be seen then */
export function findRepository(options: RepositoryOptions, context: Context): Promise<Found | undefined> {
  const { repositories, place } = options
  return call(context, aboutOf(place, 'artifactregistry.repositories.get'), async () => {
    try {
      const [found] = await repositories.getRepository({ name: fullName(place) }, ONE_TRY)
      return found
    } catch (thrown) {
      const failure = failureOf(thrown)
      if (failure?.code === Status.NOT_FOUND || failure?.reason === SERVICE_DISABLED) return undefined
      throw thrown
    }
  })
}

async function unlessDisabled<T>(answer: Promise<T>, about: Call): Promise<T> {
  try {
    return await answer
  } catch (thrown) {
    if (failureOf(thrown)?.reason !== SERVICE_DISABLED) throw thrown
    throw gcpError(thrown, about).with({ retryable: true })
  }
}

const fullName = ({ project, location, repository }: Place): string =>
  `projects/${project}/locations/${location}/repositories/${repository}`

const resourceName = ({ location, repository }: Place): string =>
  `artifactregistry:repository/${location}/${repository}`

const aboutOf = (place: Place, permission: string): Call => ({
  project: place.project,
  resource: resourceName(place),
  permission,
})
