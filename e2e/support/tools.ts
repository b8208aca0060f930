import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that journeys and unit tests run, and the Debian package of each. */
export const JOURNEY_TOOLS = {
  'docker-registry': 'docker-registry',
  skopeo: 'skopeo',
  containerd: 'containerd',
  ctr: 'containerd',
  htpasswd: 'apache2-utils',
  openssl: 'openssl',
  curl: 'curl',
  git: 'git',
  patch: 'patch',
  ip: 'iproute2',
} as const

/** Programs that only the tests of clouds run. */
export const CLOUD_TOOLS = {
  ...JOURNEY_TOOLS,
  aws: 'awscli',
  python3: 'python3-venv',
  ceph: 'ceph-common',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  radosgw: 'radosgw',
} as const

export type Tool = keyof typeof CLOUD_TOOLS

export const isRoot = process.getuid?.() === 0

export function onPath(command: string, path = process.env['PATH'] ?? ''): boolean {
  return path.split(delimiter).some(directory => isExecutable(join(directory, command)))
}

/** Path of npm's program, to be run by any Node. */
export function npmProgram(): string {
  return realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())
}

/** The reason why a tool cannot be used, or undefined if it can. */
export function whyMissing(tool: Tool): string | undefined {
  if (!onPath(tool)) return `${tool} is not installed`
  if (tool === 'python3' && !makesVenvs()) return 'python3 makes no virtual environments'
  if (tool === 'containerd' && !isRoot) return 'containerd needs root to unpack images'
  return undefined
}

/**
 * True if one of the tools cannot be used; for `describe.skipIf(needs(…))`. Under CI it throws instead, because a run
 * with skipped tests would prove less than it claims.
 */
export function needs(...tools: Tool[]): boolean {
  const reasons = tools.map(whyMissing).filter(reason => reason !== undefined)
  if (reasons.length > 0 && process.env['CI'] === 'true')
    throw new Error(`CI skips nothing, but ${reasons.join(' and ')}`)
  return reasons.length > 0
}

/** Debian has the module `venv` with Python, but what it needs (`ensurepip`) is a package of its own. */
function makesVenvs(): boolean {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
