/** Deviations of a kind of registry from the specification. */
export interface Quirks {
  readonly kind: 'ecr' | 'ecr-public' | 'acr' | 'google' | 'generic'
  /** Whether a broken upload can continue from the offset that `GET` tells. */
  readonly resumes: boolean
  /** Whether the `Range` of the response to a chunk can be believed; if not, the sent bytes count. */
  readonly tellsOffset: boolean
}

/**
 * The domains of all partitions of AWS in which ECR has private registries. The list is closed: a host below any other domain
 * belongs to somebody else, who must not receive the login of an account.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html, https://docs.aws.amazon.com/general/latest/gr/ecr.html
 */
const ECR_DOMAINS = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'amazonaws.eu',
  'on.aws',
  'on.amazonwebservices.com.cn',
  'on.amazonwebservices.eu',
  'c2s.ic.gov',
  'sc2s.sgov.gov',
  'cloud.adc-e.uk',
  'csp.hci.ic.gov',
]

/** `ACCOUNT.dkr.ecr[-fips].REGION.DOMAIN`, or with `dkr-ecr` on domains that also have IPv6. */
const PRIVATE_ECR = new RegExp(
  `^\\d{12}\\.dkr[.-]ecr(?:-fips)?\\.[a-z]+(?:-[a-z0-9]+)+\\.(?:${ECR_DOMAINS.map(domain => domain.replaceAll('.', '\\.')).join('|')})$`,
)

/**
 * Registries by host name. Patterns match the whole host, in lower case and without a port, because they also decide where logins
 * of clouds are sent. Any other registry is expected to follow the specification, and its responses show if it does not: after a
 * 404 for a broken upload the upload starts over, and a 201 to a chunk counts as a 202.
 */
const BY_HOST: readonly (Quirks & { readonly host: RegExp })[] = [
  // answers 201 to PATCH, and a Range that does not move: https://github.com/aws/containers-roadmap/issues/2831
  { kind: 'ecr', host: PRIVATE_ECR, resumes: false, tellsOffset: false },
  { kind: 'ecr-public', host: /^public\.ecr\.aws$/, resumes: false, tellsOffset: false },
  // uploads cannot be resumed: https://github.com/Azure/azure-sdk-for-js/issues/25448
  { kind: 'acr', host: /^[a-z0-9-]+\.azurecr\.(?:io|cn|us)$/, resumes: false, tellsOffset: true },
  {
    kind: 'google',
    host: /^(?:[a-z]+\.)?gcr\.io$|^[a-z0-9-]+-docker\.pkg\.dev$/,
    resumes: true,
    tellsOffset: true,
  },
]

const GENERIC: Quirks = { kind: 'generic', resumes: true, tellsOffset: true }

export function quirksOf(host: string): Quirks {
  const { host: _, ...quirks } = BY_HOST.find(({ host: pattern }) => pattern.test(host)) ?? {
    ...GENERIC,
    host: '',
  }
  return quirks
}
