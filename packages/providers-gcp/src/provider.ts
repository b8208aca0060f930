import {
  changesOf,
  makeChanges,
  memoryVault,
  serviceAccountEmail,
  serviceAccountLogin,
  type Change,
  type Check,
  type Goal,
  type Provider,
  type ProvisionedChoice,
  type Resource,
  type SecretVault,
  type ServiceAccountKey,
  type Context,
} from '@gpreg/core'
import { type Login, isGpregError } from '@gpreg/oci'
import { createGcpClients, identify, type GcpClients } from './api/clients.ts'
import { notesFor } from './notes.ts'
import { OptionalResource } from './optional-resource.ts'
import { placeOf, type PlaceOptions } from './repository/repository-location.ts'
import { findRepository, Repository, RepositoryRemoval } from './repository/repository.ts'
import { EnabledService, LeftService } from './service.ts'

export interface GcpProviderOptions extends PlaceOptions {
  /** of the object storage: Gitpod pushes and pulls with it. Whose it is keeps it; nothing here makes or removes keys. */
  readonly serviceAccountKey?: ServiceAccountKey
  /** Address of whom the roles are for; default: whose key it is. */
  readonly serviceAccount?: string
  /** Where the key goes as credentials; default: in memory */
  readonly vault?: SecretVault
  /** default: as the SDK finds an identity */
  readonly clients?: GcpClients
  /** Tries a registry, such as core's `probeRegistry`. */
  readonly probe?: (login: Login, address: string, context: Context) => Promise<readonly Check[]>
}

const CONTAINER_REGISTRY = 'containerregistry.googleapis.com'
const ARTIFACT_REGISTRY = 'artifactregistry.googleapis.com'

/** Prepares the registry of workspace images on Google Cloud, as far as it is not for the owner of the project to do. */
export function createGcpProvider(options: GcpProviderOptions): Provider {
  const { project, installation, location, registry, serviceAccountKey: key, probe } = options
  const { vault = memoryVault(), clients = createGcpClients() } = options
  const place = placeOf(options)
  const inRegistry = { repositories: clients.repositories, place, installation }
  const enabled = (service: string) => new EnabledService({ services: clients.services, project, service })

  const present: readonly Resource[] = [
    // https://cloud.google.com/container-registry/docs/deprecations/container-registry-deprecation
    new OptionalResource(enabled(CONTAINER_REGISTRY), 'Artifact Registry serves gcr.io without it'),
    enabled(ARTIFACT_REGISTRY),
    new Repository(inRegistry),
  ]
  const absent: readonly Resource[] = [
    new RepositoryRemoval(inRegistry),
    new LeftService(ARTIFACT_REGISTRY),
    new LeftService(CONTAINER_REGISTRY),
  ]

  return {
    cloud: 'gcp',
    async changes(context: Context, goal: Goal = 'present'): Promise<readonly Change[]> {
      await identify(clients)
      return changesOf(goal === 'present' ? present : absent, context)
    },
    async apply(context: Context): Promise<readonly Change[]> {
      await identify(clients)
      const changes = await makeChanges(present, context)
      if (key !== undefined) await vault.update({ registry: serviceAccountLogin(key), storage: key })
      return changes
    },
    async destroy(context: Context): Promise<readonly Change[]> {
      await identify(clients)
      return makeChanges(absent, context)
    },
    describe: async (): Promise<ProvisionedChoice> => ({
      kind: 'gcp',
      project,
      region: location,
      registryHost: place.registryHost,
    }),
    async check(context: Context): Promise<readonly Check[]> {
      const login = key === undefined ? (await vault.read()).registry : serviceAccountLogin(key)
      if (login === undefined) return [skipped('no key of the service account was given')]
      if (probe === undefined) return [skipped('there is nothing to try it with')]
      return probe(login, place.address, context)
    },
    async notes(context: Context): Promise<readonly string[]> {
      const { serviceAccount = key && serviceAccountEmail(key) } = options
      const hasKey = key !== undefined || (await vault.read()).registry !== undefined
      const hasRepository = await isThere(inRegistry, clients, context)
      return notesFor({ place, registry, serviceAccount, hasKey, hasRepository })
    },
  }

  function skipped(detail: string): Check {
    const hint = `try it with gpreg doctor ${place.address} when the service account has a key and its roles`
    return { name: 'registry', status: 'skipped', detail, hint }
  }
}

/** Whoever may not look had it made by others, if at all. */
async function isThere(
  options: Parameters<typeof findRepository>[0],
  clients: GcpClients,
  context: Context,
): Promise<boolean> {
  try {
    await identify(clients)
    return (await findRepository(options, context)) !== undefined
  } catch (error) {
    if (isGpregError(error, 'forbidden')) return false
    throw error
  }
}
