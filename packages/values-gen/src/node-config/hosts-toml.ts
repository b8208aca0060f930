import { stringify } from 'smol-toml'

/** A registry in the configuration of containerd. https://github.com/containerd/containerd/blob/main/docs/hosts.md */
export interface HostSettings {
  readonly capabilities?: readonly ('pull' | 'resolve' | 'push')[]
  /** The URL is the root of the API as it stands, with no `/v2` put behind it. Since containerd 1.6. */
  readonly override_path?: true
  /** path of a PEM file, from the directory of this file */
  readonly ca?: string
  readonly skip_verify?: true
}

const HEAD = `# Written by gpreg node-config.
# "server" is asked last; left out, it would be the image's own registry. Here no other registry than the mirror is asked.
# The table says the same again, because containerd 1 passes over a file without one.
`

/** A `hosts.toml` that leads to one registry and nowhere else. */
export function hostsToml(url: string, settings: HostSettings): string {
  return `${HEAD}\n${stringify({ server: url, ...settings, host: { [url]: settings } })}`
}

/**
 * The directory that containerd looks for first: `registry.internal_5000_` for `registry.internal:5000`, on every system.
 * https://github.com/containerd/containerd/blob/main/docs/hosts.md#port-handling-in-registry-host
 */
export function hostDirectory(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon < 0 ? host : `${host.slice(0, colon)}_${host.slice(colon + 1)}_`
}
