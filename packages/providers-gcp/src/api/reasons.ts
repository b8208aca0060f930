import type { ErrorCode } from '@gpreg/oci'
import type { GcpCall } from './gcp-call.ts'

/** What a reason of Google means, and what to do next. */
export interface Reason {
  /** default: by the code of the answer */
  readonly code?: ErrorCode
  readonly hint: (about: GcpCall) => string
}

const LOGIN: Reason = {
  code: 'unauthorized',
  hint: () =>
    'log in anew: gcloud auth application-default login, or name the key of a service account in GOOGLE_APPLICATION_CREDENTIALS',
}

const NO_BILLING: Reason = {
  code: 'forbidden',
  hint: ({ project }) =>
    `the project has no billing account: gcloud billing projects link ${project} --billing-account=ACCOUNT (gcloud billing accounts list shows them)`,
}

const policyOf = (constraint: string, advice: string): Reason => ({
  code: 'forbidden',
  hint: ({ project }) =>
    `${advice}: gcloud org-policies describe ${constraint} --project=${project} --effective shows what is allowed; its administrator can change it with gcloud org-policies set-policy`,
})

const LOCATION = policyOf(
  'gcp.resourceLocations',
  'a policy of the organisation does not allow this location, give another --location',
)

/** The reason for an API that is off, or that was turned on too recently for every server to know. */
export const SERVICE_DISABLED = 'SERVICE_DISABLED'

/**
 * By the reason of an `ErrorInfo`, or by the constraint of a `PreconditionFailure`. A reason that is not listed is about a missing
 * permission. Sources: https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto,
 * https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints; of billing,
 * https://cloud.google.com/service-usage/docs/reference/rest/v1/services/enable.
 */
export const REASONS: Readonly<Record<string, Reason>> = {
  [SERVICE_DISABLED]: {
    hint: ({ project, permission }) =>
      `the API is off in the project, or on for less than a few minutes: gcloud services enable ${permission.split('.', 1)[0]}.googleapis.com --project=${project}`,
  },
  UREQ_PROJECT_BILLING_NOT_FOUND: NO_BILLING,
  BILLING_DISABLED: NO_BILLING,
  RESOURCE_QUOTA_EXCEEDED: {
    code: 'limit-exceeded',
    hint: ({ project }) =>
      `https://console.cloud.google.com/iam-admin/quotas?project=${project} shows the quotas, and raises them`,
  },
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: {
    code: 'unauthorized',
    hint: () =>
      'the login has too few scopes, and no role changes that: gcloud auth application-default login --scopes=https://www.googleapis.com/auth/cloud-platform; for a machine, gcloud compute instances set-service-account NAME --scopes=cloud-platform',
  },
  ACCESS_TOKEN_EXPIRED: LOGIN,
  ACCESS_TOKEN_TYPE_UNSUPPORTED: LOGIN,
  ACCOUNT_STATE_INVALID: LOGIN,
  CREDENTIALS_MISSING: LOGIN,
  CONSUMER_INVALID: {
    code: 'not-found',
    hint: ({ project }) =>
      `there is no project ${project}: gcloud projects list shows those of whoever is logged in`,
  },
  CONSUMER_SUSPENDED: {
    code: 'forbidden',
    hint: ({ project }) =>
      `the project ${project} is suspended: https://console.cloud.google.com/support says why`,
  },
  USER_PROJECT_DENIED: {
    code: 'forbidden',
    hint: ({ project }) =>
      `the login bills a project that it may not use: gcloud auth application-default set-quota-project ${project}, with the role roles/serviceusage.serviceUsageConsumer on it`,
  },
  LOCATION_POLICY_VIOLATED: LOCATION,
  LOCATION_ORG_POLICY_VIOLATED: LOCATION,
  'constraints/gcp.resourceLocations': LOCATION,
  RESOURCE_USAGE_RESTRICTION_VIOLATED: policyOf(
    'gcp.restrictServiceUsage',
    'a policy of the organisation does not allow the API',
  ),
  'constraints/gcp.restrictServiceUsage': policyOf(
    'gcp.restrictServiceUsage',
    'a policy of the organisation does not allow the API',
  ),
  ORG_RESTRICTION_VIOLATION: {
    code: 'forbidden',
    hint: () =>
      'the proxy of your organisation lets out calls to its own projects only: log in with an account of the organisation',
  },
  SECURITY_POLICY_VIOLATED: {
    code: 'forbidden',
    hint: () =>
      'a service perimeter (VPC Service Controls) forbids it: run this inside, or have its administrator add an ingress rule',
  },
}
