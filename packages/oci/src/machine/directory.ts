import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a directory and those above it, if they are not there. Node's own `recursive` never ends where the system has no place for
 * one, such as below a working directory that was removed.
 * @param mode of those that are made
 */
export async function makeDirectory(path: string, mode?: number): Promise<void> {
  try {
    await makeOne(path, mode)
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error
    await makeDirectory(parent, mode)
    await makeOne(path, mode)
  }
}

async function makeOne(path: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(path, mode)
  } catch (error) {
    // Systems answer differently for a directory that is there, such as EEXIST, EISDIR or EPERM.
    const isThere = await stat(path).then(
      found => found.isDirectory(),
      () => false,
    )
    if (!isThere) throw error
  }
}
