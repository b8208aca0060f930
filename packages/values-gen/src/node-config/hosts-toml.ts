import { stringify } from 'smol-toml'

/** A registry in the configuration of containerd. https://github.com/containerd/containerd/blob/main/docs/hosts.md */
export interface HostSettings {
  readonly capabilities?: readonly ('pull' | 'resolve' | 'push')[]
  /** containerd uses the URL unchanged, and does not append `/v2`. Since containerd 1.6. */
  readonly override_path?: true
  /** path of a PEM file, from the directory of this file */
  readonly ca?: string
  readonly skip_verify?: true
}

const HEAD = `# Written by gpreg node-config.
# "server" is asked last; left out, it would be the image's own registry. Here no other registry than the mirror is asked.
# The table says the same again, because containerd 1 passes over a file without one.
`

/** Writes a `hosts.toml` that sends containerd to one registry only. */
export function hostsToml(url: string, settings: HostSettings): string {
  return `${HEAD}\n${stringify({ server: url, ...settings, host: { [url]: settings } })}`
}

/**
 * The name of the directory that containerd looks up first for a host: `registry.internal_5000_` for `registry.internal:5000`, on every system.
 * https://github.com/containerd/containerd/blob/main/docs/hosts.md#port-handling-in-registry-host
 */
export function hostDirectory(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon < 0 ? host : `${host.slice(0, colon)}_${host.slice(colon + 1)}_`
}
