import { rename, rm, writeFile } from 'node:fs/promises'
import { GpregError } from '@gpreg/core'

/** For files that hold secrets. */
export const SECRET_MODE = 0o600

/**
 * Writes a file whole or not at all: a reader never sees half of it, and what was there stays if this fails.
 * @param mode of the file; default: what the user's umask leaves
 */
export async function writeOutputFile(path: string, text: string, mode?: number): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`
  try {
    await writeFile(draft, text, mode === undefined ? {} : { mode })
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    throw new GpregError('storage', `cannot write ${path}`, {
      path,
      cause,
      hint: 'name a file in a directory that exists and can be written to',
    })
  }
}
