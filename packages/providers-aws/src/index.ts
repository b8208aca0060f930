export { createAwsClients } from './api/clients.ts'
export { createEcrAccess, ecrRegion } from './ecr-access.ts'
export { createAwsProvider } from './provider.ts'

export type { AwsClientOptions, AwsClients } from './api/clients.ts'
export type { EcrAccessOptions } from './ecr-login.ts'
export type { AwsProviderOptions } from './bucket-provider.ts'
