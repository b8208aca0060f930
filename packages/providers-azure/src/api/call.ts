import { createCloudApi } from '@gpreg/core'
import { azureError, codesOf, type AzureCall } from './errors.ts'

/** Calls to Azure. */
export const { call, unless } = createCloudApi<AzureCall>({ toError: azureError, codesOf })
