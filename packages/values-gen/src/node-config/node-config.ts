import { formatPrefix } from '@gpreg/oci/engine'
import { certificatesOf } from './certificates.ts'
import { hostDirectory, hostsToml, type HostSettings } from './hosts-toml.ts'
import { k3sRegistries } from './k3s-registries.ts'
import { nodeNotes } from './notes.ts'
import type { NodeConfigRequest } from './request.ts'

/** A file for a node. */
export interface NodeFile {
  /** path below the output directory, e.g. `certs.d/docker.io/hosts.toml` */
  readonly path: string
  /** path on the node */
  readonly nodePath: string
  readonly content: string
  /** 0600 if it holds a secret */
  readonly mode: 0o644 | 0o600
  readonly why: string
}

export interface NodeConfig {
  readonly files: readonly NodeFile[]
  /** Further steps for the user. */
  readonly notes: readonly string[]
}

const CERTS_D = '/etc/containerd/certs.d'
const K3S = '/etc/rancher/k3s'

/**
 * The files that let nodes pull images from a mirror by their original names.
 * @throws `input-invalid` if the authorities are no certificates
 */
export function nodeConfig(request: NodeConfigRequest): NodeConfig {
  const sources = [...new Set(request.sources)].filter(host => host !== request.to.host).sort()
  const ca = request.ca === undefined ? undefined : certificatesOf(request.ca)
  const files = [
    ...ownFiles(request, ca),
    ...sources.map(host => sourceFile(host, request, ca !== undefined)),
    ...k3sFiles({ ...request, sources }, ca),
  ]
  return { files, notes: nodeNotes(request, ca !== undefined) }
}

function sourceFile(source: string, request: NodeConfigRequest, privateCa: boolean): NodeFile {
  const { to, skipVerify } = request
  const settings: HostSettings = {
    capabilities: ['pull', 'resolve'],
    override_path: true,
    // A relative path between the directories of two hosts works wherever certs.d is.
    ...trust(privateCa ? `../${hostDirectory(to.host)}/ca.crt` : undefined, skipVerify),
  }
  const content = hostsToml(endpointOf(request), settings)
  return certsFile(source, 'hosts.toml', content, `images of ${source} come from ${formatPrefix(to)}`)
}

/** Files for images that are pulled by the mirror's own name. A mirror with HTTPS and a publicly trusted certificate needs none. */
function ownFiles(request: NodeConfigRequest, ca: string | undefined): NodeFile[] {
  const { host } = request.to
  const settings = trust(ca && 'ca.crt', request.skipVerify)
  if (!request.plainHttp && Object.keys(settings).length === 0) return []
  const hosts = certsFile(
    host,
    'hosts.toml',
    hostsToml(urlOf(request), settings),
    `images by the name of ${host}`,
  )
  return ca === undefined
    ? [hosts]
    : [certsFile(host, 'ca.crt', ca, `authorities to trust for ${host}`), hosts]
}

function k3sFiles(request: NodeConfigRequest, ca: string | undefined): NodeFile[] {
  const { to, sources, skipVerify, login } = request
  const caName = 'registry-ca.crt'
  const content = k3sRegistries({
    host: to.host,
    endpoint: endpointOf(request),
    sources,
    ...(ca === undefined ? {} : { caFile: `${K3S}/${caName}` }),
    ...(skipVerify ? { skipVerify } : {}),
    ...(login === undefined ? {} : { login }),
  })
  const registries =
    login === undefined
      ? k3sFile('registries.yaml', content, 'the same for k3s')
      : k3sFile('registries.yaml', content, `the same for k3s, with a login for ${to.host}`, 0o600)
  return ca === undefined ? [registries] : [registries, k3sFile(caName, ca, 'the same authorities for k3s')]
}

function certsFile(host: string, name: string, content: string, why: string): NodeFile {
  const below = `${hostDirectory(host)}/${name}`
  return { path: `certs.d/${below}`, nodePath: `${CERTS_D}/${below}`, content, mode: 0o644, why }
}

function k3sFile(path: string, content: string, why: string, mode: NodeFile['mode'] = 0o644): NodeFile {
  return { path, nodePath: `${K3S}/${path}`, content, mode, why }
}

function trust(ca: string | undefined, skipVerify: boolean | undefined): HostSettings {
  return { ...(ca === undefined ? {} : { ca }), ...(skipVerify ? { skip_verify: true } : {}) }
}

/** The URL of the API below which images have their upstream paths. */
function endpointOf(request: NodeConfigRequest): string {
  const { path } = request.to
  return `${urlOf(request)}/v2${path === '' ? '' : `/${path}`}`
}

function urlOf({ to, plainHttp }: NodeConfigRequest): string {
  return `${plainHttp ? 'http' : 'https'}://${to.host}`
}
