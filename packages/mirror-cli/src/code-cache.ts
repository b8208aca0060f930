import { existsSync, mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

/**
 * Keeps compiled code for the next start, which then takes two thirds of the time. The cache is below `$XDG_CACHE_HOME` and not
 * in the directory for temporary files, because other users could put code there. If the cache cannot be made, the code is
 * compiled at every start.
 */
export function keepCompiledCode({
  XDG_CACHE_HOME,
  HOME,
}: Readonly<Record<string, string | undefined>>): void {
  const cache = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  if (!cache?.startsWith('/')) return
  try {
    // One directory at a time, because Node's `recursive` never ends if the system answers ENOENT, as in /proc.
    for (const directory of [cache, `${cache}/gpreg`]) if (!existsSync(directory)) mkdirSync(directory, 0o700)
  } catch {
    return
  }
  enableCompileCache(`${cache}/gpreg`)
}
