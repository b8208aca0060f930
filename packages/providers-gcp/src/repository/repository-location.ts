import { GpregError } from '@gpreg/oci'

/** Under which names Google serves the registry. */
export type GcpRegistry = 'gcr' | 'artifact-registry'

export interface PlaceOptions {
  readonly project: string
  readonly installation: string
  /** such as `europe-west1` */
  readonly location: string
  readonly registry: GcpRegistry
}

/** A repository of Artifact Registry, and the names that images in it have. */
export interface Place {
  readonly project: string
  readonly location: string
  readonly repository: string
  /** of images, without a scheme */
  readonly address: string
  /** As the installer's configuration has it: of gcr.io the host alone, where that says it all. */
  readonly registryHost: string
}

/** https://cloud.google.com/artifact-registry/docs/transition/gcr-repositories: hosts, and where their repositories are */
const GCR = {
  europe: { host: 'eu.gcr.io', location: 'europe' },
  asia: { host: 'asia.gcr.io', location: 'asia' },
  elsewhere: { host: 'gcr.io', location: 'us' },
} as const

/** https://cloud.google.com/artifact-registry/docs/repositories/create-repos */
const REPOSITORY_ID = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** @throws `usage` where the installation cannot be the name of a repository */
export function placeOf(options: PlaceOptions): Place {
  return options.registry === 'gcr' ? inContainerRegistry(options) : inArtifactRegistry(options)
}

function inContainerRegistry({ project, location: near }: PlaceOptions): Place {
  const { host, location } = GCR[continentOf(near)]
  const address = `${host}/${pathOf(project)}`
  const registryHost = isDomainScoped(project) ? address : host
  return { project, location, repository: host, address, registryHost }
}

function inArtifactRegistry({ project, location, installation: repository }: PlaceOptions): Place {
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

/** https://cloud.google.com/artifact-registry/docs/docker/names#domain: `example.com:project` is two parts of a path */
const pathOf = (project: string): string => project.replace(':', '/')
const isDomainScoped = (project: string): boolean => project.includes(':')
