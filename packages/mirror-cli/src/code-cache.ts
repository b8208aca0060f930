import { existsSync, mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

/**
 * Keeps compiled code for the next start, which then takes two thirds of the time. Below `$XDG_CACHE_HOME` rather than where
 * temporary files are, since others could lay code there. What cannot be kept is compiled again.
 */
export function keepCompiledCode({
  XDG_CACHE_HOME,
  HOME,
}: Readonly<Record<string, string | undefined>>): void {
  const cache = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  if (!cache?.startsWith('/')) return
  try {
    // Step by step: Node's own way to make parents never ends where the system says ENOENT to it, as in /proc.
    for (const directory of [cache, `${cache}/gpreg`]) if (!existsSync(directory)) mkdirSync(directory, 0o700)
  } catch {
    return
  }
  enableCompileCache(`${cache}/gpreg`)
}
