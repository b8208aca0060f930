import type { CloudCall } from '@gpreg/core/provider'

/** A call to Azure. Its permission is named as in roles, such as `Microsoft.ContainerRegistry/registries/write`. */
export interface AzureCall extends CloudCall {
  readonly subscriptionId?: string
  readonly resourceGroup?: string
  readonly location?: string
}
