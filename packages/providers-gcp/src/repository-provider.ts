import {
  serviceAccountEmail,
  serviceAccountLogin,
  type Change,
  type Check,
  type Provider,
  type ProvisionedChoice,
  type RegistryProbe,
  type Resource,
  type SecretVault,
  type ServiceAccountKey,
  type Context,
} from '@gpreg/core'
import { OptionalResource, memoryVault, resourceActions } from '@gpreg/core/provider'
import { isGpregError } from '@gpreg/oci'
import { createGcpClients, type GcpClients } from './api/clients.ts'
import { identify } from './api/identity.ts'
import { notesFor } from './notes.ts'
import type { LocationOptions, RepositoryLocation } from './repository/repository-location.ts'
import { findRepository, Repository, RepositoryRemoval } from './repository/repository.ts'
import { EnabledService, LeftService } from './service.ts'

export interface GcpProviderOptions extends LocationOptions {
  /** The key of the object storage's service account, with which Gitpod pushes and pulls. gpreg neither creates nor deletes keys. */
  readonly serviceAccountKey?: ServiceAccountKey
  /** Address of the service account that needs the roles; default: that of the key. */
  readonly serviceAccount?: string
  /** The place of the credentials made of the key; default: memory */
  readonly vault?: SecretVault
  /** default: those with the identity that the SDK finds */
  readonly clients?: GcpClients
  /** Tries a registry, such as core's `probeRegistry`. */
  readonly probe?: RegistryProbe
}

const CONTAINER_REGISTRY = 'containerregistry.googleapis.com'
const ARTIFACT_REGISTRY = 'artifactregistry.googleapis.com'

/** The provider of the repository and the APIs that it needs, with its clients. */
export async function openRepositoryProvider(
  options: GcpProviderOptions,
  where: RepositoryLocation,
): Promise<Provider> {
  const { project, installation, location, registry, serviceAccountKey: key, probe } = options
  const { vault = memoryVault(), clients = await createGcpClients() } = options
  const inRegistry = { repositories: clients.repositories, where, installation }
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

  const actions = resourceActions({ present, absent, prepare: () => identify(clients) })

  return {
    cloud: 'gcp',
    ...actions,
    async apply(context: Context): Promise<readonly Change[]> {
      const changes = await actions.apply(context)
      if (key !== undefined) await vault.update({ registry: serviceAccountLogin(key), storage: key })
      return changes
    },
    describe: async (): Promise<ProvisionedChoice> => ({
      kind: 'gcp',
      project,
      region: location,
      registryHost: where.registryHost,
    }),
    async check(context: Context): Promise<readonly Check[]> {
      const login = key === undefined ? (await vault.read()).registry : serviceAccountLogin(key)
      if (login === undefined) return [skipped('no key of the service account was given')]
      if (probe === undefined) return [skipped('there is nothing to try it with')]
      return probe(login, where.address, context)
    },
    async notes(context: Context): Promise<readonly string[]> {
      const { serviceAccount = key && serviceAccountEmail(key) } = options
      const hasKey = key !== undefined || (await vault.read()).registry !== undefined
      const hasRepository = await isThere(inRegistry, clients, context)
      return notesFor({ where, registry, serviceAccount, hasKey, hasRepository })
    },
  }

  function skipped(detail: string): Check {
    const hint = `try it with gpreg doctor ${where.address} when the service account has a key and its roles`
    return { name: 'registry', status: 'skipped', detail, hint }
  }
}

/** Whether the repository exists. False also without the permission to look, because then only others can have made it. */
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
