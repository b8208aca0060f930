import { readFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { mustRun, runProcess } from '../support/process.ts'
import { PATH } from './contestants.ts'
import type { Machine } from './results.ts'

/** How each program tells its version. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  skopeo: ['--version'],
  crane: ['version'],
  regctl: ['version'],
  oras: ['version'],
  curl: ['--version'],
  'docker-registry': ['--version'],
}

export async function describeMachine(): Promise<Machine> {
  const found = await Promise.all(
    Object.entries(PROGRAMS).map(async ([name, args]) => [name, await versionOf(name, args)] as const),
  )
  const system = /^PRETTY_NAME="(.*)"$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'unknown'
  return {
    cores: cpus().length,
    processor: cpus()[0]!.model.trim(),
    memory: totalmem(),
    system,
    kernel: release(),
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(found.filter(([, version]) => version !== undefined)),
    },
  }
}

/** The first thing of the output that looks like a version; undefined if the program is not installed. */
async function versionOf(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await runProcess(program, args, { env: { PATH } })
    return /\d+\.\d+\.\d+/.exec(stdout || stderr)?.[0]
  } catch {
    return undefined
  }
}

/** The commit of the working tree, with a `+` if files differ from it. */
export async function describeCommit(cwd: string): Promise<string> {
  return (await mustRun('git', ['describe', '--always', '--dirty=+'], { cwd })).trim()
}
