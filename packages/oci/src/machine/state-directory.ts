import { join } from 'node:path'
import type { Context } from '../context.ts'
import { homeDirectory } from './home-directory.ts'

/**
 * A directory for the state that outlives a run: `$XDG_STATE_HOME/gpreg/<name>`.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateDirectory(
  name: 'uploads' | 'referrers',
  env: Readonly<Record<string, string | undefined>>,
): string {
  const state = env['XDG_STATE_HOME'] || join(homeDirectory(env), '.local', 'state')
  return join(state, 'gpreg', name)
}

/**
 * A function that warns of an error of the disk, the first time it is called: the work goes on, and the state is lost.
 * @param lost the consequence, e.g. `an upload that is killed starts over`
 */
export function warnNotKept(
  { emit }: Pick<Context, 'emit'>,
  path: string,
  lost: string,
): (error: unknown) => void {
  let said = false
  return error => {
    if (said) return
    said = true
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    const message = `${path} cannot be written (${reason}): ${lost}`
    emit({ type: 'warning', code: 'not-kept', message, subject: { path } })
  }
}
