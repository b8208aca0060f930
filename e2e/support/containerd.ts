import { mkdir, writeFile } from 'node:fs/promises'
import type { Namespace } from './namespace.ts'
import { mustRun, startProcess } from './process.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** A containerd for one test, run as on a node of the cluster. */
export interface Containerd extends AsyncDisposable {
  ctr(...args: string[]): Promise<string>
  /** Pulls and unpacks an image. Without `node` it uses plain HTTP. */
  pull(reference: string, node?: Node): Promise<string>
  stop(): Promise<void>
}

/** The registry settings of a node. */
export interface Node {
  /** CA of the image's own registry */
  readonly caFile?: string
  /** directory `certs.d` that the test wrote, used instead of `caFile` */
  readonly certsDirectory?: string
  readonly credentials?: { readonly username: string; readonly password: string }
}

/** @param network the network of containerd and its client; default: this machine's */
export async function startContainerd(network: Pick<Namespace, 'inside'> = MACHINE): Promise<Containerd> {
  const directory = await temporaryDirectory()
  const address = directory.join('containerd.sock')
  await writeFile(directory.join('config.toml'), CONFIG(directory.path))
  const running = startProcess(...network.inside('containerd', ['--config', directory.join('config.toml')]))
  await running.output(/containerd successfully booted/)
  const ctr = (...args: string[]) => mustRun(...network.inside('ctr', ['--address', address, ...args]))
  const stop = async () => {
    await running.stop()
    await directory[Symbol.asyncDispose]()
  }
  return {
    ctr,
    async pull(reference, node) {
      // The snapshotter `native` copies directories. overlayfs would need kernel support that containers often lack.
      const pull = ['images', 'pull', '--snapshotter', 'native']
      if (!node) return ctr(...pull, '--plain-http', reference)
      const { caFile, certsDirectory = directory.join('certs.d'), credentials } = node
      if (caFile) await writeHosts(certsDirectory, reference.split('/')[0]!, caFile)
      const user = credentials ? ['--user', `${credentials.username}:${credentials.password}`] : []
      return ctr(...pull, '--hosts-dir', certsDirectory, ...user, reference)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

const MACHINE: Pick<Namespace, 'inside'> = { inside: (command, args) => [command, [...args]] }

/** https://github.com/containerd/containerd/blob/main/docs/hosts.md */
async function writeHosts(certsDirectory: string, host: string, caFile: string): Promise<void> {
  const directory = `${certsDirectory}/${host}`
  await mkdir(directory, { recursive: true })
  await writeFile(
    `${directory}/hosts.toml`,
    `server = "https://${host}"\n[host."https://${host}"]\n  ca = "${caFile}"\n`,
  )
}

/** The configuration contains only the plugins that a pull needs: no CRI, no networks, no devices. */
const CONFIG = (directory: string) => `version = 2
root = "${directory}/root"
state = "${directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
address = "${directory}/containerd.sock"
[ttrpc]
address = "${directory}/containerd.sock.ttrpc"
`
