import { expect } from 'vitest'
import type { SecretVault } from '@gpreg/core'
import { GROUP, type AzureSubscription } from './subscription.ts'

/** The permission that each call needs. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  list: 'registries/read',
  check: 'checkNameAvailability/read',
  get: 'registries/read',
  create: 'registries/write',
  update: 'registries/write',
  delete: 'registries/delete',
  operation: 'registries/operationStatuses/read',
  listCredentials: 'registries/listCredentials/action',
  regenerate: 'registries/regenerateCredential/action',
}
export const permissionOf = (name: string) => `Microsoft.ContainerRegistry/${PERMISSIONS[name]}`

export const namesOf = ({ calls }: { readonly calls: readonly { readonly name: string }[] }) =>
  calls.map(({ name }) => name)
export const actionsOf = (changes: readonly { readonly action: string }[]) =>
  changes.map(({ action }) => action)
export const loginIn = async (vault: SecretVault) => (await vault.read()).registry?.password.reveal()

/** Checks that there is exactly one registry, with the expected settings. */
export function onlyRegistry({ registries }: AzureSubscription) {
  expect(registries.size).toBe(1)
  const [registry] = registries.values()
  expect(registry).toMatchObject({
    group: GROUP,
    location: 'westeurope',
    sku: 'Premium',
    state: 'Succeeded',
    adminUserEnabled: true,
    tags: { 'gpreg-managed': 'true', 'gpreg-installation': 'prod' },
  })
  return registry!
}
