import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * A directory for the state that outlives a run: `$XDG_STATE_HOME/gpreg/<name>`.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateDirectory(
  name: 'uploads' | 'referrers',
  env: Readonly<Record<string, string | undefined>>,
): string {
  const state = env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state')
  return join(state, 'gpreg', name)
}
