import { createCloudApi } from '@gpreg/core/provider'
import { azureError, codesOf } from './errors.ts'
import type { AzureCall } from './azure-call.ts'

/** Calls to Azure. */
export const { call, unless } = createCloudApi<AzureCall>({ toError: azureError, codesOf })
