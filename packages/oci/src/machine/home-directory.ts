import { homedir } from 'node:os'

/** `$HOME`, the home of the passwd file, or `/` for a user whom that file does not know, as container runtimes have it. */
export function homeDirectory(env: Readonly<Record<string, string | undefined>>): string {
  if (env['HOME']) return env['HOME']
  try {
    return homedir()
  } catch {
    return '/'
  }
}
