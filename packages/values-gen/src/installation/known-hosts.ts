import { hostOfAddress } from '@gpreg/core'

/** What is known of registries that many people share. */
interface KnownHost {
  readonly host: RegExp
  /** The number of path segments that must be between the host and the name of an image. */
  readonly least: number
  /** The number of path segments that may be there; absent if there is no limit. */
  readonly most?: number
  /** the form of an address, for the user */
  readonly form: string
  /** The name of an image has no slash there, below what `form` says. */
  readonly isFlat?: true
  /** Most of its images may be pulled by anybody. */
  readonly isPublic?: true
}

/**
 * Registries on which an address without a path, or with too short a path, belongs to nobody or to somebody else, so that no image
 * can be pushed below it. Hosts are in lower case and without a port.
 */
const KNOWN_HOSTS: readonly KnownHost[] = [
  // https://docs.docker.com/docker-hub/repos/create/: one namespace, and no path below it
  {
    host: /^(?:docker\.io|index\.docker\.io|registry-1\.docker\.io)$/,
    least: 1,
    most: 1,
    form: 'docker.io/NAMESPACE',
    isFlat: true,
    isPublic: true,
  },
  // https://cloud.google.com/container-registry/docs/overview#registries
  { host: /^(?:[a-z]+\.)?gcr\.io$/, least: 1, form: 'gcr.io/PROJECT', isPublic: true },
  // https://cloud.google.com/artifact-registry/docs/docker/names
  { host: /-docker\.pkg\.dev$/, least: 2, form: 'LOCATION-docker.pkg.dev/PROJECT/REPOSITORY' },
  { host: /^docker\.pkg\.dev$/, least: 2, form: 'docker.pkg.dev/PROJECT/REPOSITORY' },
  // https://docs.github.com/packages/working-with-a-github-packages-registry/working-with-the-container-registry
  { host: /^ghcr\.io$/, least: 1, form: 'ghcr.io/OWNER', isPublic: true },
  { host: /^docker\.pkg\.github\.com$/, least: 2, form: 'docker.pkg.github.com/OWNER/REPOSITORY' },
  // https://docs.quay.io/guides/create-repo.html
  { host: /^quay\.io$/, least: 1, form: 'quay.io/NAMESPACE', isPublic: true },
  // https://docs.gitlab.com/user/packages/container_registry/#naming-convention-for-your-container-images
  {
    host: /^registry\.gitlab\.com$/,
    least: 2,
    form: 'registry.gitlab.com/GROUP/PROJECT',
    isPublic: true,
  },
  { host: /(?:^|[.-])gitlab[.-]/, least: 2, form: 'HOST/GROUP/PROJECT, as GitLab names them' },
  // https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-concepts.html
  { host: /^public\.ecr\.aws$/, least: 1, form: 'public.ecr.aws/ALIAS', isPublic: true },
  { host: /^registry\.digitalocean\.com$/, least: 1, form: 'registry.digitalocean.com/REGISTRY' },
  { host: /\.ocir\.io$|^ocir\..*\.oci\.oraclecloud\.com$/, least: 1, form: 'REGION.ocir.io/TENANCY' },
  { host: /^(?:[a-z0-9-]+\.)?icr\.io$/, least: 1, form: 'REGION.icr.io/NAMESPACE' },
  { host: /^rg\.[a-z0-9-]+\.scw\.cloud$/, least: 1, form: 'rg.REGION.scw.cloud/NAMESPACE' },
  {
    host: /^mcr\.microsoft\.com$|^(?:registry\.)?k8s\.io$|^k8s\.gcr\.io$/,
    least: 0,
    form: '',
    isPublic: true,
  },
  { host: /^registry\.(?:access\.redhat\.com|fedoraproject\.org)$/, least: 0, form: '', isPublic: true },
]

/** The form of an address on this registry, if the path of the address is too short or too long for it. */
export function wantedForm(address: string): string | undefined {
  const known = knownHost(hostOfAddress(address))
  const segments = address
    .split('/')
    .slice(1)
    .filter(segment => segment !== '').length
  const fits = known === undefined || (segments >= known.least && segments <= (known.most ?? Infinity))
  return fits ? undefined : known.form
}

/** Whether images keep no path of their own below an address, so that a mirror there must be flat. */
export function isFlatHost(address: string): boolean {
  return knownHost(hostOfAddress(address))?.isFlat ?? false
}

/** Whether anybody may pull most images of a host (`host[:port]`). */
export function isPublicHost(host: string): boolean {
  return knownHost(host)?.isPublic ?? false
}

function knownHost(host: string): KnownHost | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '')
  return KNOWN_HOSTS.find(({ host: pattern }) => pattern.test(name))
}
