import type { ErrorCode } from '@gpreg/oci'
import type { AzureCall } from './azure-call.ts'

/** What a code of Azure Resource Manager means, and what to do next. */
export interface Refusal {
  /** default: by the HTTP status */
  readonly code?: ErrorCode
  readonly hint?: (about: AzureCall) => string
}

const NAME_TAKEN: Refusal = {
  code: 'name-taken',
  hint: () => 'names of registries are of the whole world: choose another with --name',
}

const LOCATION: Refusal = {
  code: 'usage',
  hint: ({ location }) =>
    `give another --location${location === undefined ? '' : ` than ${location}`}: az account list-locations shows them, az provider show --namespace Microsoft.ContainerRegistry those with registries`,
}

const SUBSCRIPTION: Refusal = {
  code: 'not-found',
  hint: () => 'az account list shows the subscriptions of whoever is logged in',
}

/**
 * The codes of refusals that no role changes, or that need more than the HTTP status. Sources: (1)
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors, (2)
 * https://github.com/Azure/azure-cli/issues/13951, (3) what users of gpreg reported; no public record was found.
 */
export const REFUSALS: Readonly<Record<string, Refusal>> = {
  // (3), and its elder (2)
  RegistryNameAlreadyInUse: NAME_TAKEN,
  AlreadyInUse: NAME_TAKEN,
  // (1), all the others
  NameAlreadyInUse: NAME_TAKEN,
  MissingSubscriptionRegistration: {
    code: 'forbidden',
    hint: ({ subscriptionId = 'SUBSCRIPTION' }) =>
      `az provider register --namespace Microsoft.ContainerRegistry --subscription ${subscriptionId} --wait`,
  },
  ReadOnlyDisabledSubscription: {
    code: 'forbidden',
    hint: () =>
      'the subscription is turned off: its owner can turn it on again in the portal, after the bill is paid',
  },
  RequestDisallowedByPolicy: {
    code: 'forbidden',
    hint: ({ resourceGroup = 'GROUP' }) =>
      `a policy forbids it; its owner can make an exemption: az policy exemption create --resource-group ${resourceGroup} --name gpreg --policy-assignment ASSIGNMENT --exemption-category Waiver`,
  },
  RequestDisallowedByAzure: { ...LOCATION, code: 'forbidden' },
  ScopeLocked: {
    code: 'forbidden',
    hint: ({ resourceGroup = 'GROUP' }) =>
      `a lock forbids it: az lock list --resource-group ${resourceGroup} shows it`,
  },
  LocationNotAvailableForResourceType: LOCATION,
  NoRegisteredProviderFound: LOCATION,
  QuotaExceeded: {
    code: 'limit-exceeded',
    hint: () =>
      'az acr list shows the registries of the subscription: remove one, or ask Azure for more (az support, or Quotas in the portal)',
  },
  InvalidSubscriptionId: SUBSCRIPTION,
  SubscriptionNotFound: SUBSCRIPTION,
  ResourceGroupNotFound: {
    code: 'not-found',
    hint: ({ subscriptionId = 'SUBSCRIPTION', resourceGroup = 'GROUP', location = 'LOCATION' }) =>
      `az group create --name ${resourceGroup} --location ${location} --subscription ${subscriptionId}`,
  },
  InvalidAuthenticationTokenTenant: {
    code: 'unauthorized',
    hint: () =>
      'the login is of another tenant than the subscription: az login --tenant TENANT, or AZURE_TENANT_ID',
  },
}
