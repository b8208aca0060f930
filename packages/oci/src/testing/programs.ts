import { spawnSync } from 'node:child_process'

/**
 * Whether a program that a test runs is not installed, for `it.skipIf(lacks(…))`; the reason is printed. Under CI the answer is
 * always no, so that such a test fails there.
 */
export function lacks(program: string): boolean {
  if (process.env['CI'] === 'true' || spawnSync(program, ['--version']).error === undefined) return false
  process.stderr.write(`${program} is not installed, so the tests that run it are skipped\n`)
  return true
}
