import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Why files of a directory should not be changed: git could not give back what they were. Undefined if the work tree is clean and
 * git tracks the files.
 */
export async function reasonAgainstWriting(
  directory: string,
  files: readonly string[],
): Promise<string | undefined> {
  try {
    await git(directory, ['rev-parse', '--is-inside-work-tree'])
  } catch (thrown) {
    const isAbsent = (thrown as NodeJS.ErrnoException).code === 'ENOENT'
    return isAbsent ? 'git is not installed' : 'it is not in the work tree of a git repository'
  }
  try {
    const status = await git(directory, ['status', '--porcelain', '--untracked-files=normal'])
    if (status !== '') return 'its git work tree has changes that are not committed'
    await git(directory, ['ls-files', '--error-unmatch', '--', ...files])
    return undefined
  } catch {
    return 'git does not track all of the files'
  }
}

/** Runs git without what a hostile work tree could make it run, and without the variables that would point it elsewhere. */
async function git(directory: string, args: readonly string[]): Promise<string> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))
  const env = { ...Object.fromEntries(own), GIT_OPTIONAL_LOCKS: '0', GIT_LITERAL_PATHSPECS: '1' }
  const guards = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null']
  const { stdout } = await run('git', [...guards, '-C', directory, ...args], { env, maxBuffer: 1 << 26 })
  return stdout
}
