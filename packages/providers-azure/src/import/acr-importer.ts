import type { Context, ImageImport, Importer } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { isPrivateHost, NO_RETRY, PATIENT } from '@gpreg/oci/engine'
import { openManager, type Manager } from '../api/clients.ts'
import { cloudOfHost } from '../api/clouds.ts'
import { follow } from '../api/operation.ts'
import { findByServer, type RegistryPlace } from './registry-search.ts'

export interface AcrImporterOptions {
  /** the subscription of the registry; default: looked for in all that the login can see */
  readonly subscriptionId?: string
  /** PEM of all authorities to trust, the usual ones included */
  readonly ca?: readonly string[]
  /** URL of a private Azure Resource Manager; default: that of the registry's cloud */
  readonly resourceManager?: string
}

/** In milliseconds. Azure gives no figure; the largest images of Gitpod have 10 GB. */
const LONGEST = 60 * 60_000

/**
 * Lets a registry of Azure fetch images from public registries.
 * https://learn.microsoft.com/azure/container-registry/container-registry-import-images
 *
 * @param host login server
 * @throws `usage` for a host that is no registry of Azure, `unauthorized` without an identity, `not-found` for a registry that no
 * subscription of the identity has
 */
export async function createAcrImporter(
  host: string,
  { subscriptionId, ...options }: AcrImporterOptions,
  context: Context,
): Promise<Importer> {
  const cloud = cloudOfHost(host)
  if (cloud === undefined) throw strangerError(host)
  const manager = await openManager({ ...options, cloud })
  const place = await findByServer(host, manager, subscriptionId, context)
  const registries = manager.registriesOf(place.subscriptionId)
  return { import: (image, context) => importImage(image, place, registries, context) }
}

async function importImage(
  { source, target }: ImageImport,
  { subscriptionId, resourceGroup, name }: RegistryPlace,
  registries: ReturnType<Manager['registriesOf']>,
  context: Context,
): Promise<void> {
  await assertReachable(source.host)
  const { repository, tag } = target
  const about = {
    resource: `acr:registry/${name}/${repository}${tag === undefined ? '' : `:${tag}`}`,
    permission: 'Microsoft.ContainerRegistry/registries/importImage/action',
    subscriptionId,
    resourceGroup,
  }
  const wanted = {
    // No login of the source leaves this machine.
    source: { registryUri: source.host, sourceImage: `${source.repository}@${source.digest}` },
    ...(tag === undefined
      ? { untaggedTargetRepositories: [repository] }
      : { targetTags: [`${repository}:${tag}`] }),
    mode: 'NoForce',
  }
  await follow(
    options => registries.importImage(resourceGroup, name, wanted, options),
    about,
    context,
    // A conflict is about the tag, and stays one.
    { longest: LONGEST, policy: ({ subject }) => (subject.status === 409 ? NO_RETRY : PATIENT) },
  )
}

async function assertReachable(host: string): Promise<void> {
  const { hostname } = new URL(`https://${host}`)
  if (!(await isPrivateHost(hostname))) return
  throw new GpregError('unreachable', `${host} is in a private network, which Azure does not reach`, {
    host,
    retryable: false,
  })
}

function strangerError(host: string): GpregError {
  return new GpregError('usage', `${host} does not fetch images by itself: it is no registry of Azure`, {
    host,
    hint: 'leave out --server-side; only Azure Container Registry can do this (HOST.azurecr.io, .azurecr.us, .azurecr.cn)',
  })
}
