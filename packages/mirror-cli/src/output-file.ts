import { access, constants, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GpregError } from '@gpreg/oci'
import { fileFault } from '@gpreg/oci/engine'

/**
 * Checks that a file can be written, for a command that works long before it does that. A file is made anew in its directory; a
 * device or a pipe is written itself.
 * @param flag the flag that names the file, for messages
 * @throws `usage` for standard output, `storage`
 */
export async function assertWritable(path: string, flag: string): Promise<void> {
  assertNoUrl(path)
  if (path === '-')
    throw new GpregError('usage', `${flag} - is no file, and standard output has the answer`, {
      hint: `name a file: ${flag} FILE`,
    })
  const place = await realpath(path).catch(() => path)
  const found = await stat(place).catch(() => undefined)
  const isMadeAnew = found === undefined || found.isFile()
  // The dot makes a file in the place of the directory an error.
  const [written] = await Promise.allSettled([
    access(isMadeAnew ? `${dirname(place)}/.` : place, constants.W_OK),
  ])
  if (written.status === 'fulfilled' && !found?.isDirectory()) return
  const cause: unknown = written.status === 'rejected' ? written.reason : { code: 'EISDIR' }
  throw new GpregError('storage', `cannot write ${path}: ${fileFault(cause)}`, {
    path,
    cause,
    hint: 'name a file in a directory that exists and can be written to',
  })
}

/**
 * Checks that a file or directory can be made, with the directories above it, for a command that makes it long after it started.
 * @throws `usage` for a URL, `storage`
 */
export async function assertCreatable(path: string): Promise<void> {
  assertNoUrl(path)
  let above = dirname(path)
  while (dirname(above) !== above && !(await isThere(above))) above = dirname(above)
  // The dot makes a file in the place of a directory an error.
  const [made] = await Promise.allSettled([access(`${above}/.`, constants.W_OK)])
  if (made.status === 'fulfilled') return
  throw new GpregError('storage', `cannot make ${path}: ${above}: ${fileFault(made.reason)}`, {
    path,
    cause: made.reason,
    hint: 'check the path: name one in a directory that can be written to',
  })
}

/** False only if it is known that nothing is there. */
async function isThere(path: string): Promise<boolean> {
  const [found] = await Promise.allSettled([stat(path)])
  return found.status === 'fulfilled' || (found.reason as NodeJS.ErrnoException).code !== 'ENOENT'
}

/** A URL would become directories with its name. */
function assertNoUrl(path: string): void {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return
  throw new GpregError('usage', `${path.replace(/\/\/[^/]*@/, '//')} is a URL, and gpreg writes files`, {
    hint: 'name a file here, and send it there afterwards',
  })
}
