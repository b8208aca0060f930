import { userInfo } from 'node:os'

type Environment = Record<string, string | undefined>

/**
 * Sets HOME and SHELL for a user without an entry in the passwd file, such as `runAsUser: 10001` of a pod: to `/`, as container
 * runtimes do, and to the shell that POSIX promises. oclif looks both up, and the look-up throws for such a user.
 * @param lookUp default: the passwd file
 */
export function completeEnvironment(env: Environment, lookUp: () => unknown = userInfo): void {
  try {
    lookUp()
  } catch {
    env['HOME'] ||= '/'
    env['SHELL'] ||= '/bin/sh'
  }
}
