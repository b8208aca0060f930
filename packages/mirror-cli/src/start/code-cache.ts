import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** Why compiled code is not kept. */
export interface CacheProblem {
  readonly path: string
  /** e.g. `EROFS` */
  readonly reason: string
}

let problem: CacheProblem | undefined

/** The problem that {@link keepCompiledCode} found; undefined when asked again, so that it is said once. */
export function takeCacheProblem(): CacheProblem | undefined {
  const found = problem
  problem = undefined
  return found
}

/**
 * Keeps compiled code for the next start, which then takes two thirds of the time. The cache is below `$XDG_CACHE_HOME` and not
 * in the directory for temporary files, because other users could put code there. If the cache cannot be made, the code is
 * compiled at every start.
 */
export function keepCompiledCode({
  XDG_CACHE_HOME,
  HOME,
}: Readonly<Record<string, string | undefined>>): void {
  const cache = XDG_CACHE_HOME || join(HOME || homedir(), '.cache')
  const path = join(cache, 'gpreg')
  if (!isAbsolute(path)) return
  try {
    // One directory at a time, because Node's `recursive` never ends if the system answers ENOENT, as in /proc.
    for (const directory of [cache, path]) if (!existsSync(directory)) mkdirSync(directory, 0o700)
    accessSync(path, constants.W_OK)
  } catch (error) {
    problem = { path, reason: (error as NodeJS.ErrnoException).code ?? String(error) }
    return
  }
  enableCompileCache(path)
}
