import { GpregError } from '@gpreg/oci'
import type { CloudIdentity } from './request.ts'

/** How a cloud ties an identity to a service account of Kubernetes. */
interface CloudBinding {
  readonly annotation: string
  readonly form: RegExp
  readonly example: string
  readonly podLabels?: Readonly<Record<string, string>>
}

const BINDINGS: Readonly<Record<CloudIdentity['cloud'], CloudBinding>> = {
  // https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
  aws: {
    annotation: 'eks.amazonaws.com/role-arn',
    form: /^arn:[a-z-]+:iam::\d{12}:role\/.+$/,
    example: 'aws=arn:aws:iam::123456789012:role/gpreg',
  },
  // https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
  gcp: {
    annotation: 'iam.gke.io/gcp-service-account',
    form: /^[^@\s]+@[^@\s]+\.gserviceaccount\.com$/,
    example: 'gcp=gpreg@project.iam.gserviceaccount.com',
  },
  // https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
  azure: {
    annotation: 'azure.workload.identity/client-id',
    form: /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
    example: 'azure=12345678-90ab-cdef-1234-567890abcdef',
    podLabels: { 'azure.workload.identity/use': 'true' },
  },
}

const isCloud = (text: string): text is CloudIdentity['cloud'] => Object.hasOwn(BINDINGS, text)

/**
 * Reads `aws=ROLE_ARN`, `gcp=SERVICE_ACCOUNT` or `azure=CLIENT_ID`.
 * @throws `usage`
 */
export function parseIdentity(text: string): CloudIdentity {
  const at = text.indexOf('=')
  const [cloud, id] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  if (isCloud(cloud) && BINDINGS[cloud].form.test(id)) return { cloud, id }
  const examples = Object.values(BINDINGS).map(({ example }) => example)
  throw new GpregError('usage', `${JSON.stringify(text)} is no identity of a cloud`, {
    hint: `write ${isCloud(cloud) ? BINDINGS[cloud].example : examples.join(', ')}`,
  })
}

/** The annotations of the service account. */
export function identityAnnotations({ cloud, id }: CloudIdentity): Record<string, string> {
  return { [BINDINGS[cloud].annotation]: id }
}

/** The labels that pods need, so that the cloud gives them the identity. */
export function identityLabels(identity: CloudIdentity | undefined): Readonly<Record<string, string>> {
  return identity === undefined ? {} : (BINDINGS[identity.cloud].podLabels ?? {})
}
