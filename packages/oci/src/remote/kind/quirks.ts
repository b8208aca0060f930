/** Deviations of a kind of registry from the specification. */
export interface Quirks {
  readonly kind: 'ecr' | 'ecr-public' | 'acr' | 'mcr' | 'google' | 'generic'
  /** Whether a broken upload can continue from the offset that `GET` tells. */
  readonly resumes: boolean
  /** Whether the `Range` of the response to a chunk can be believed; if not, the sent bytes count. */
  readonly tellsOffset: boolean
}

interface AwsPartition {
  /** pattern of its regions */
  readonly region: string
  /** domain of `ACCOUNT.dkr.ecr.REGION` */
  readonly domain: string
  /** domain of `ACCOUNT.dkr-ecr.REGION`, the names that also have an IPv6 address */
  readonly dualStack?: string
}

/**
 * All partitions of AWS with private registries. The list is closed: a host below any other domain belongs to somebody else, who
 * must not receive the login of an account. A region belongs to one partition, so its name below the domain of another one is
 * no registry either.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html, https://docs.aws.amazon.com/general/latest/gr/ecr.html,
 * https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
 */
const AWS_PARTITIONS: readonly AwsPartition[] = [
  { region: '(?!cn-)[a-z]{2}(?:-gov)?-[a-z]+-\\d+', domain: 'amazonaws.com', dualStack: 'on.aws' },
  { region: 'cn-[a-z]+-\\d+', domain: 'amazonaws.com.cn', dualStack: 'on.amazonwebservices.com.cn' },
  { region: 'eusc-[a-z]{2}-[a-z]+-\\d+', domain: 'amazonaws.eu', dualStack: 'on.amazonwebservices.eu' },
  { region: 'us-iso-[a-z]+-\\d+', domain: 'c2s.ic.gov' },
  { region: 'us-isob-[a-z]+-\\d+', domain: 'sc2s.sgov.gov' },
  { region: 'eu-isoe-[a-z]+-\\d+', domain: 'cloud.adc-e.uk' },
  { region: 'us-isof-[a-z]+-\\d+', domain: 'csp.hci.ic.gov' },
]

const PRIVATE_ECR = new RegExp(`^\\d{12}\\.(?:${AWS_PARTITIONS.flatMap(ecrHosts).join('|')})$`)

/** The patterns of a partition's hosts, behind the account. */
function ecrHosts({ region, domain, dualStack }: AwsPartition): string[] {
  const below = (service: string, suffix: string) =>
    `${service}(?:-fips)?\\.${region}\\.${suffix.replaceAll('.', '\\.')}`
  return [below('dkr\\.ecr', domain), ...(dualStack === undefined ? [] : [below('dkr-ecr', dualStack)])]
}

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
  {
    kind: 'acr',
    host: /^[a-z0-9]+(?:-[a-z0-9]+)?\.azurecr\.(?:io|cn|us)$/,
    resumes: false,
    tellsOffset: true,
  },
  { kind: 'mcr', host: /^mcr\.microsoft\.com$/, resumes: false, tellsOffset: true },
  // https://cloud.google.com/artifact-registry/docs/transition/gcr-repositories: no other host of gcr.io takes logins
  {
    kind: 'google',
    host: /^(?:(?:us|eu|asia)\.)?gcr\.io$|^[a-z]+(?:-[a-z]+\d+)?-docker\.pkg\.dev$/,
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

/** Whether a registry is for everybody to read: it is read without a login, and only its owners can push. */
export function isPublicRegistry(host: string): boolean {
  const { kind } = quirksOf(host)
  return kind === 'ecr-public' || kind === 'mcr'
}

/** Whether a login of a cloud for one host may also go to the other one, such as to the token server of the registry. */
export function sharesCloudLogins(host: string, other: string): boolean {
  return host === other || (quirksOf(host).kind === 'google' && quirksOf(other).kind === 'google')
}
