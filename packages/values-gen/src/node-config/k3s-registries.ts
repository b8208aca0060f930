import type { Login } from '@gpreg/oci'
import { stringify } from 'yaml'

/** The mirror in the configuration of k3s. https://docs.k3s.io/installation/private-registry */
export interface K3sMirror {
  /** host[:port] */
  readonly host: string
  /** `https://registry.internal/v2/gitpod`; k3s appends nothing to a path other than `/v2`, as containerd with `override_path` */
  readonly endpoint: string
  /** Hosts of the registries that are mirrored. */
  readonly sources: readonly string[]
  /** path on the node */
  readonly caFile?: string
  readonly skipVerify?: boolean
  readonly login?: Login
}

const HEAD = `# Written by gpreg node-config. k3s reads it when it starts, from /etc/rancher/k3s/registries.yaml.\n`

/** Writes `registries.yaml`. The file is a secret if it holds a login. */
export function k3sRegistries(mirror: K3sMirror): string {
  const { host, endpoint, sources, caFile, skipVerify, login } = mirror
  const tls = {
    ...(caFile === undefined ? {} : { ca_file: caFile }),
    ...(skipVerify ? { insecure_skip_verify: true } : {}),
  }
  const config = {
    ...(login ? { auth: { username: login.username, password: login.password.reveal() } } : {}),
    ...(Object.keys(tls).length > 0 ? { tls } : {}),
  }
  // Images are pulled by the mirror's own name too, and without this entry k3s would try HTTPS.
  const own = endpoint.startsWith('http:') ? { [host]: { endpoint: [`http://${host}`] } } : {}
  const document = {
    mirrors: { ...Object.fromEntries(sources.map(source => [source, { endpoint: [endpoint] }])), ...own },
    ...(Object.keys(config).length > 0 ? { configs: { [host]: config } } : {}),
  }
  return `${HEAD}\n${stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 })}`
}
