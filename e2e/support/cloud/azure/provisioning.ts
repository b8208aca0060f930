import { afterAll, beforeAll, vi } from 'vitest'
import { createContext, type Context, type GpregEvent } from '@gpreg/core'
import { lazyProvider } from '@gpreg/core/provider'
import type { Certificates } from '@gpreg/oci/testing'
import { createAzureClients, createAzureProvider, type AzureProviderOptions } from '@gpreg/provider-azure'
import { azureCertificates, startAzureCloud } from './azure-cloud.ts'
import { GROUP, SUBSCRIPTION } from './subscription.ts'

/** What the providers of the tests prepare. */
export const WHERE = {
  subscriptionId: SUBSCRIPTION,
  resourceGroup: GROUP,
  installation: 'prod',
  location: 'westeurope',
}

/**
 * Makes the certificates of Azure's hosts before the tests of a group. After them the environment is as it was.
 * @returns opens an Azure for one test
 */
export function useAzure(): () => ReturnType<typeof openAzure> {
  let certificates: Awaited<ReturnType<typeof azureCertificates>>
  beforeAll(async () => void (certificates = await azureCertificates()))
  afterAll(async () => {
    vi.unstubAllEnvs()
    await certificates?.[Symbol.asyncDispose]()
  })
  return () => openAzure(certificates)
}

/** An Azure for one test, with providers whose clients have no token yet. Waits take no real time. */
async function openAzure(certificates: Certificates) {
  const cloud = await startAzureCloud(certificates)
  for (const [name, value] of Object.entries(cloud.env)) vi.stubEnv(name, value)
  const events: GpregEvent[] = []
  let now = Date.now()
  const sleep = async (milliseconds: number) => void (now += milliseconds)
  const contextOf = (overrides: Partial<Context> = {}) =>
    createContext({ now: () => now, sleep, emit: event => events.push(event), ...overrides })
  const provider = (more: Partial<AzureProviderOptions> = {}) =>
    // Each provider signs in for itself, as each run of the command does.
    lazyProvider('azure', async () =>
      createAzureProvider({
        ...WHERE,
        clients: await createAzureClients({
          subscriptionId: SUBSCRIPTION,
          resourceManager: cloud.resourceManager,
          ca: [certificates.ca],
        }),
        ...more,
      }),
    )
  return {
    ...cloud,
    events,
    context: contextOf(),
    contextOf,
    provider,
    retries: () => events.filter(event => event.type === 'retry'),
    warnings: () => events.filter(event => event.type === 'warning'),
  }
}

export type OpenAzure = Awaited<ReturnType<typeof openAzure>>
