import type { Context } from '../context.ts'
import { formatPrefix, type RegistryPrefix, quirksOf, type Registries } from '@gpreg/oci/engine'
import { PURPOSES, type RegistryPurpose } from '../registry/purpose.ts'
import type { NamedCheck } from './checklist.ts'
import { Probe, type ProbeName } from './probe.ts'

export interface DoctorOptions {
  /** The purposes to judge; default: all. */
  readonly purposes?: readonly RegistryPurpose[]
  /** bytes of the large upload; 0 for no large upload */
  readonly largeUpload: number
}

type CheckName = ProbeName | 'lasting-login'

/** Whether the registry can serve a purpose, with the credentials that were given. */
export interface PurposeVerdict {
  readonly purpose: RegistryPurpose
  readonly status: 'ok' | 'blocked'
  /** names of the failed checks that the purpose needs */
  readonly blockedBy: readonly string[]
}

/** The document of `gpreg doctor --json`. */
export interface DoctorResult {
  readonly kind: 'DoctorResult'
  readonly version: 1
  /** `host[:port]/prefix` */
  readonly registry: string
  readonly checks: readonly NamedCheck<CheckName>[]
  readonly purposes: readonly PurposeVerdict[]
}

const MIRRORED = ['reach', 'tls', 'auth', 'push', 'pull'] as const

/** The checks that each purpose needs. Image builds send a layer as one request, and log in with a Secret that stays for months. */
const NEEDS: Readonly<Record<RegistryPurpose, readonly CheckName[]>> = {
  components: MIRRORED,
  'workspace-base': MIRRORED,
  'workspace-images': [...MIRRORED, 'large-upload', 'lasting-login'],
}

/** Tests a registry, and tells for each purpose whether the checks that it needs have succeeded. */
export async function examineRegistry(
  prefix: RegistryPrefix,
  registries: Registries,
  { purposes = PURPOSES, largeUpload }: DoctorOptions,
  context: Context,
): Promise<DoctorResult> {
  const probed = await new Probe(registries, prefix, context).run({ largeUpload })
  const checks = [...probed, ...(quirksOf(prefix.host).kind === 'ecr' ? [SHORT_LOGIN] : [])]
  const inTheWay = (needs: readonly CheckName[]) =>
    checks.filter(({ name, status }) => status === 'failed' && needs.includes(name)).map(({ name }) => name)
  const verdicts = purposes.map((purpose): PurposeVerdict => {
    const blockedBy = inTheWay(NEEDS[purpose])
    return { purpose, status: blockedBy.length === 0 ? 'ok' : 'blocked', blockedBy }
  })
  return { kind: 'DoctorResult', version: 1, registry: formatPrefix(prefix), checks, purposes: verdicts }
}

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html#registry-auth-token */
const SHORT_LOGIN: NamedCheck<CheckName> = {
  name: 'lasting-login',
  status: 'failed',
  detail:
    'logins of ECR end after 12 hours, and nothing renews the one in the Secret with which workspace images are pushed',
  hint: 'let the in-cluster registry keep workspace images, in a bucket: gpreg provision aws',
}
