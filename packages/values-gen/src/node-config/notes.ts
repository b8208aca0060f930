import { formatPrefix } from '@gpreg/oci/engine'
import type { NodeConfigRequest } from './request.ts'

/** The steps that the user must do in addition to copying the files. */
export function nodeNotes(
  { to, login, imageSet = '--release VERSION' }: NodeConfigRequest,
  privateCa: boolean,
): string[] {
  const mirror = formatPrefix(to)
  const k3sFiles = privateCa ? 'registries.yaml and registry-ca.crt' : 'registries.yaml'
  return [
    // `--naming installer` too, because registry-facade, blobserve and Gitpod's own pods pull images by names below `repository`.
    `publish the images under their upstream paths as well: gpreg mirror ${imageSet} --to ${mirror} --naming installer --naming source`,
    `registry-facade and blobserve ask registries themselves, past containerd: Gitpod needs repository: ${mirror} all the same (gpreg values KIND --mirror ${mirror})`,
    `containerd 1.6 or newer: copy certs.d to /etc/containerd/, and let config_path = "/etc/containerd/certs.d" stand in its config.toml below [plugins."io.containerd.grpc.v1.cri".registry], since containerd 2 [plugins."io.containerd.cri.v1.images".registry]; restart containerd after a change to config.toml, not after one to certs.d`,
    `k3s: copy ${k3sFiles} to /etc/rancher/k3s/ instead and restart k3s; with --disable-default-registry-endpoint it asks no other registry when an image is missing`,
    login === undefined
      ? `no login is in these files; where ${to.host} asks for one: k3s takes it from registries.yaml (--credentials FILE), ${CONTAINERD_LOGIN(to.host)}`
      : `registries.yaml holds a login, so its mode is 0600; without k3s, ${CONTAINERD_LOGIN(to.host)}`,
  ]
}

/** https://github.com/containerd/containerd/blob/main/docs/cri/registry.md#configure-registry-credentials */
const CONTAINERD_LOGIN = (host: string) =>
  `containerd takes it from config.toml, [plugins."io.containerd.grpc.v1.cri".registry.configs."${host}".auth], or from pull secrets, which are looked up by the image's original host`
