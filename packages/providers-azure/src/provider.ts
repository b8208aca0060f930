import {
  type Check,
  type Provider,
  type ProvisionedChoice,
  type RegistryProbe,
  type Resource,
  type SecretVault,
  type Context,
} from '@gpreg/core'
import { lazyProvider, memoryVault, resourceActions } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { pause } from '@gpreg/oci/engine'
import type { Registry as Found } from '@azure/arm-containerregistry'
import { AdminLogin, AdminLoginRemoval } from './registry/admin-login.ts'
import { createAzureClients, type AzureClients } from './api/clients.ts'
import { notesFor } from './notes.ts'
import { assertName } from './registry/names.ts'
import { Registry, RegistryRemoval, type AzureSku } from './registry/registry.ts'
import { RegistryFinder } from './registry/registry-finder.ts'

export interface AzureProviderOptions {
  readonly subscriptionId: string
  /** must exist */
  readonly resourceGroup: string
  readonly installation: string
  /** such as `westeurope` */
  readonly location: string
  /** default: Premium */
  readonly sku?: AzureSku
  /** name of a registry to adopt or to create; default: derived from subscription, group and installation */
  readonly name?: string
  /** Regenerate the unused password, and use it from then on. */
  readonly rotate?: boolean
  /** The place of the login; default: memory */
  readonly vault?: SecretVault
  /** default: those with the identity that the SDK finds */
  readonly clients?: AzureClients
  /** Tries a registry, such as core's `probeRegistry`. */
  readonly probe?: RegistryProbe
}

/**
 * In milliseconds: a new password takes about a minute to be known everywhere.
 * https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account
 */
const PATIENCE = 90_000
const BETWEEN = 5_000

/**
 * Prepares an Azure Container Registry, and the login with which Gitpod uses it. The SDK loads with the first call.
 *
 * @throws `usage` for a name that no registry can have
 */
export function createAzureProvider(options: AzureProviderOptions): Provider {
  if (options.name !== undefined) assertName(options.name)
  return lazyProvider('azure', () => openAzureProvider(options))
}

async function openAzureProvider(options: AzureProviderOptions): Promise<Provider> {
  const { subscriptionId, resourceGroup, installation, location, name, probe } = options
  const { sku = 'Premium', rotate = false, vault = memoryVault() } = options
  const { registries } = options.clients ?? (await createAzureClients({ subscriptionId }))
  const finder = new RegistryFinder({
    registries,
    subscriptionId,
    resourceGroup,
    installation,
    location,
    name,
  })
  const inAzure = { registries, finder, resourceGroup, installation, location, sku }
  const login = new AdminLogin({ registries, finder, resourceGroup, vault, rotate })

  const present: readonly Resource[] = [new Registry(inAzure), login]
  const absent: readonly Resource[] = [
    new RegistryRemoval(inAzure),
    new AdminLoginRemoval({ finder, vault, installation }),
  ]

  return {
    cloud: 'azure',
    ...resourceActions({ present, absent }),
    async describe(context: Context): Promise<ProvisionedChoice> {
      const found = await existing(context)
      return { kind: 'azure', registry: serverOf(found), region: regionOf(found) }
    },
    async check(context: Context): Promise<readonly Check[]> {
      const { registry } = await vault.read()
      if (registry === undefined) return [skipped('no login is known')]
      if (probe === undefined) return [skipped('there is nothing to try it with')]
      const address = serverOf(await existing(context))
      const until = context.now() + (login.isFresh ? PATIENCE : 0)
      for (;;) {
        const checks = await probe(registry, address, context)
        if (context.now() >= until || checks.every(({ status }) => status !== 'failed')) return checks
        context.emit({ type: 'change.waiting', resource: login.name, state: 'not known everywhere yet' })
        await pause(context, BETWEEN)
      }
    },
    async notes(context: Context): Promise<readonly string[]> {
      return notesFor(await finder.lookUp(context), resourceGroup, finder.name)
    },
  }

  async function existing(context: Context): Promise<Found> {
    const found = await finder.find(context)
    if (found?.loginServer) return found
    throw new GpregError('not-found', `${finder.resource} is not there yet`, {
      resource: finder.resource,
      hint: 'gpreg provision azure makes it',
    })
  }

  function skipped(detail: string): Check {
    const hint = 'try it with gpreg doctor LOGIN-SERVER when there is a login'
    return { name: 'registry', status: 'skipped', detail, hint }
  }
}

/** The host that ARM reports, in small letters for image references. It cannot be built from the name: hosts differ by cloud and settings. */
const serverOf = ({ loginServer = '' }: Found): string => loginServer.toLowerCase()

/** The region in its short form: ARM may answer `West Europe`. */
const regionOf = ({ location }: Found): string => location.toLowerCase().replaceAll(' ', '')
