/** What a cloud provider is built from: calls to a cloud, resources that are compared and changed, long changes, kept secrets. */
export { createCloudApi } from './registry/cloud/cloud-api.ts'
export { codeOfConnection, commonHint } from './registry/cloud/common-errors.ts'
export { lazyProvider, onFirstUse } from './registry/cloud/lazy-provider.ts'
export { waitForChange } from './registry/cloud/long-change.ts'
export { OptionalResource } from './registry/cloud/optional-resource.ts'
export { resourceActions } from './registry/cloud/resource-actions.ts'
export { VaultJournal } from './registry/cloud/vault-journal.ts'
export { keep } from './registry/resource.ts'

export type { CallPolicy, CloudCall } from './registry/cloud/cloud-api.ts'
export type { LongChange } from './registry/cloud/long-change.ts'
export type { RefusalMemory } from './registry/cloud/optional-resource.ts'
export type { ProvidedResources } from './registry/cloud/resource-actions.ts'
