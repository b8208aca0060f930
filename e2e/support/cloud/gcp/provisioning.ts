import { expect } from 'vitest'
import { createContext, type Context, type GpregEvent } from '@gpreg/core'
import { createGcpProvider, type GcpProviderOptions } from '@gpreg/provider-gcp'
import { Cloud } from './cloud.ts'
import { serveCloud, type Form } from './forms.ts'
import { serviceAccountKey } from './service-account.ts'

export const EU = 'projects/p1/locations/europe/repositories/eu.gcr.io'
export const EMAIL = 'gitpod@p1.iam.gserviceaccount.com'
export const CONTAINER_REGISTRY = 'containerregistry.googleapis.com'
export const ARTIFACT_REGISTRY = 'artifactregistry.googleapis.com'
export const key = serviceAccountKey(EMAIL)

/** Opens a fake cloud behind a server, with providers for it. Waits take no real time. */
export async function openGoogle(form: Form) {
  const cloud = new Cloud()
  const served = await serveCloud(cloud, form)
  const events: GpregEvent[] = []
  const contextOf = (overrides: Partial<Context> = {}) =>
    createContext({ sleep: async () => {}, emit: event => events.push(event), ...overrides })
  const provider = (more: Partial<GcpProviderOptions> = {}) =>
    createGcpProvider({
      project: 'p1',
      installation: 'Prod',
      location: 'europe-west1',
      registry: 'gcr',
      serviceAccountKey: key,
      clients: served.clients,
      ...more,
    })
  return {
    cloud,
    clients: served.clients,
    events,
    contextOf,
    context: contextOf(),
    provider,
    warnings: () => events.filter(({ type }) => type === 'warning'),
    retries: () => events.filter(({ type }) => type === 'retry'),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  }
}

export const actionsOf = (changes: readonly { readonly action: string }[]) =>
  changes.map(({ action }) => action)
export const namesOf = (cloud: Cloud) =>
  cloud.log.calls.map(({ name }) => name.replace(/^(GetOperation) .*/, '$1'))

/** Checks that each resource exists exactly once. */
export function expectWhole(cloud: Cloud): void {
  expect([...cloud.enabled].sort()).toEqual([ARTIFACT_REGISTRY, CONTAINER_REGISTRY])
  expect([...cloud.repositories.keys()]).toEqual([EU])
}
