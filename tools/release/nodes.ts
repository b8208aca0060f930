import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A Node binary for one platform. */
export interface PlatformNode {
  readonly platform: NodeJS.Platform
  /** as in `process.arch` */
  readonly arch: string
  /** the path of the binary */
  readonly path: string
}

const NAME = /^node-(?:bin-)?(darwin|linux|win)-(x64|arm64)$/

/** Fetches the Nodes that the workspace names as optional dependencies, in the versions and with the hashes of package-lock.json. */
export function fetchNodes(repo: string, folder: string): PlatformNode[] {
  const { packages } = JSON.parse(readFileSync(join(repo, 'package-lock.json'), 'utf8'))
  const names = Object.keys(packages[''].optionalDependencies).filter(name => NAME.test(name))
  return names.sort().map(name => {
    const [, system = '', arch = ''] = NAME.exec(name) ?? []
    const { version, integrity } = packages[`node_modules/${name}`]
    const unpacked = fetchPackage(name, version, integrity, folder)
    const platform = system === 'win' ? 'win32' : (system as NodeJS.Platform)
    return { platform, arch, path: join(unpacked, 'bin', platform === 'win32' ? 'node.exe' : 'node') }
  })
}

function fetchPackage(name: string, version: string, integrity: string, folder: string): string {
  const target = join(folder, name)
  mkdirSync(target, { recursive: true })
  const args = ['pack', '--json', '--prefer-offline', '--pack-destination', target, `${name}@${version}`]
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' }))
  const tarball = join(target, filename)
  const hash = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
  if (hash !== integrity) throw new Error(`${tarball} is not the one of package-lock.json: ${hash}`)
  execFileSync('tar', ['xzf', tarball, '-C', target])
  return join(target, 'package')
}
