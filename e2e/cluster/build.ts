import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../support/process.ts'
import { isRoot, onPath } from '../support/tools.ts'

const SOURCE = fileURLToPath(new URL('kube', import.meta.url))
const VERSION = 'v1.34.4'

/** The programs that a cluster is made of. */
export interface Programs {
  /** etcd, kubectl and all programs of Kubernetes; its first argument says which of them runs */
  readonly kube: string
  /** the program of a pod's sandbox container */
  readonly pause: string
}

/** Why no cluster can run on this machine; undefined if one can. */
export function whyNoCluster(): string | undefined {
  if (!isRoot) return 'a kubelet needs root'
  const absent = ['go', 'containerd', 'runc', 'docker-registry', 'ip'].filter(name => !onPath(name))
  return absent.length === 0 ? undefined : `${absent.join(', ')} cannot be found`
}

/**
 * Builds Kubernetes from the modules of the Go proxy, unless the cache has it: about ten minutes of one processor, 2.3 GB of memory, and
 * a file of 138 MB.
 */
export async function buildKubernetes(): Promise<Programs> {
  const directory = join(
    cacheDirectory(),
    `kube-${VERSION}-${await keyOf(['go.mod', 'go.sum', 'main.go', 'pause/main.go'])}`,
  )
  const variables = { gitVersion: VERSION, gitMajor: '1', gitMinor: '34' }
  const flags = Object.entries(variables).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  )
  const build = async (name: string, packageName: string) => {
    const path = join(directory, name)
    if (await isThere(path)) return path
    await mkdir(directory, { recursive: true })
    const options = ['-p', '1', '-trimpath', '-ldflags', ['-s', '-w', ...flags].join(' ')]
    await mustRun('go', ['build', ...options, '-o', `${path}.partial`, packageName], {
      cwd: SOURCE,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false' },
    })
    await rename(`${path}.partial`, path)
    return path
  }
  return { pause: await build('pause', './pause'), kube: await build('kube', '.') }
}

function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gpreg-e2e')
}

async function keyOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(join(SOURCE, file)))
  return hash.digest('hex').slice(0, 12)
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
