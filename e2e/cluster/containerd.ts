import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sandbox } from './sandbox.ts'

/** The address that pods reach the sandbox at. */
export const GATEWAY = '10.88.0.1'

/**
 * Starts containerd as a kubelet needs it, with a bridge as the network of pods.
 * @param pause the image of the sandbox container of each pod
 * @returns the path of its socket
 */
export async function startNodeContainerd(
  sandbox: Sandbox,
  directory: string,
  pause: string,
): Promise<string> {
  const networks = join(directory, 'networks')
  await mkdir(networks, { recursive: true })
  await writeFile(join(networks, 'bridge.conflist'), JSON.stringify(NETWORK))
  await writeFile(join(directory, 'config.toml'), configuration(directory, networks, pause))
  const running = sandbox.start('containerd', ['--config', join(directory, 'config.toml')])
  await running.output(/containerd successfully booted/)
  return join(directory, 'containerd.sock')
}

/** https://www.cni.dev/plugins/current/main/bridge/ */
const NETWORK = {
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'pods',
      isGateway: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/16', gateway: GATEWAY }]] },
    },
  ],
}

/** https://github.com/containerd/containerd/blob/main/docs/cri/config.md */
const configuration = (directory: string, networks: string, pause: string) => `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
address = "${directory}/containerd.sock"
[ttrpc]
address = "${directory}/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pause}"
disable_apparmor = true
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${networks}"
`
