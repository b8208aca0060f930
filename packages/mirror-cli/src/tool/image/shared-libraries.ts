import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { GpregError } from '@gpreg/oci'

/** glibc before 2.34 opens these by name to look up hosts and users. Later versions have empty ones, or none. */
const NAME_SERVICE = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2']

/** Prints the libraries of the Node that runs it. The addresses of the network would take time and are not needed. */
const LIST_LIBRARIES =
  'process.report.excludeNetwork = true; console.log(JSON.stringify(process.report.getReport().sharedObjects))'

/**
 * The paths of the shared libraries of a Node, its loader among them, sorted.
 * @param node a Node that runs on this machine; it is started, since this process may have loaded more than a Node needs
 * @throws `input-invalid` if it does not run here
 */
export async function sharedLibraries(node: string): Promise<string[]> {
  let loaded: string[]
  try {
    // Without the environment: variables such as LD_PRELOAD and NODE_OPTIONS load more.
    const { stdout } = await promisify(execFile)(node, ['-e', LIST_LIBRARIES], { env: {} })
    loaded = JSON.parse(stdout) as string[]
  } catch (cause) {
    throw new GpregError('input-invalid', `${node} does not run here, so its libraries are not known`, {
      path: node,
      cause,
      hint: 'name an image with its libraries as --base',
    })
  }
  // The kernel's own library has no path.
  const libraries = loaded.filter(path => path.startsWith('/') && path !== node)
  const libc = libraries.find(path => basename(path).startsWith('libc.so'))
  const nameService = libc === undefined ? [] : NAME_SERVICE.map(name => join(dirname(libc), name))
  const there = await Promise.all(nameService.map(isThere))
  return [...new Set([...libraries, ...nameService.filter((_, at) => there[at])])].sort()
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
