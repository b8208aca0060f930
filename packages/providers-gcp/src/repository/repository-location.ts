import { GpregError } from '@gpreg/oci'

/** The host names of the registry: those of gcr.io, or those of pkg.dev. */
export type GcpRegistry = 'gcr' | 'artifact-registry'

export interface LocationOptions {
  readonly project: string
  readonly installation: string
  /** such as `europe-west1` */
  readonly location: string
  readonly registry: GcpRegistry
}

/** The location of a repository of Artifact Registry, and the address of its images. */
export interface RepositoryLocation {
  readonly project: string
  readonly location: string
  readonly repository: string
  /** the prefix of its images, without a scheme */
  readonly address: string
  /** the address in the installer's configuration: for gcr.io only the host, unless the project is domain-scoped */
  readonly registryHost: string
}

/** https://cloud.google.com/artifact-registry/docs/transition/gcr-repositories: hosts, and the locations of their repositories */
const GCR = {
  europe: { host: 'eu.gcr.io', location: 'europe' },
  asia: { host: 'asia.gcr.io', location: 'asia' },
  elsewhere: { host: 'gcr.io', location: 'us' },
} as const

/** https://cloud.google.com/artifact-registry/docs/repositories/create-repos */
const REPOSITORY_ID = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** @throws `usage` for an installation that cannot be the name of a repository */
export function locationOf(options: LocationOptions): RepositoryLocation {
  return options.registry === 'gcr' ? inContainerRegistry(options) : inArtifactRegistry(options)
}

function inContainerRegistry({ project, location: near }: LocationOptions): RepositoryLocation {
  const { host, location } = GCR[continentOf(near)]
  const address = `${host}/${pathOf(project)}`
  const registryHost = isDomainScoped(project) ? address : host
  return { project, location, repository: host, address, registryHost }
}

function inArtifactRegistry({
  project,
  location,
  installation: repository,
}: LocationOptions): RepositoryLocation {
  if (!REPOSITORY_ID.test(repository)) {
    throw new GpregError('usage', `${repository} cannot be the name of a repository of Artifact Registry`, {
      hint: 'give --installation at most 63 small letters, digits and hyphens, the first a letter',
    })
  }
  const address = `${location}-docker.pkg.dev/${pathOf(project)}/${repository}`
  return { project, location, repository, address, registryHost: address }
}

function continentOf(location: string): keyof typeof GCR {
  const [continent] = location.split('-', 1)
  return continent === 'europe' || continent === 'asia' ? continent : 'elsewhere'
}

/** https://cloud.google.com/artifact-registry/docs/docker/names#domain: `example.com:project` becomes two path segments */
const pathOf = (project: string): string => project.replace(':', '/')
const isDomainScoped = (project: string): boolean => project.includes(':')
