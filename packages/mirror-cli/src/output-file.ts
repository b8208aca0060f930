import { access, constants, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GpregError } from '@gpreg/oci'
import { fileFault } from '@gpreg/oci/engine'

/**
 * Checks that a file can be written, for a command that works long before it does that. A file is made anew in its directory; a
 * device or a pipe is written itself.
 * @throws `storage`
 */
export async function assertWritable(path: string): Promise<void> {
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
