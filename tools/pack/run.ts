import { spawnSync } from 'node:child_process'

/** Runs a program; what it says is the fault, if it fails. */
export function run(cwd: string, program: string, ...args: readonly string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  if (status === 0) return []
  return [`${[program, ...args].join(' ')} failed:\n${error?.message ?? `${stdout}${stderr}`.trim()}`]
}
