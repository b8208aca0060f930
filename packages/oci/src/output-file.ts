import { open, realpath, rename, rm } from 'node:fs/promises'
import { GpregError } from './errors.ts'

/** File mode of files that hold secrets. */
export const SECRET_MODE = 0o600

/**
 * Writes a file whole or not at all: a reader never sees half of it, and the old file stays if writing fails. A symbolic link
 * is kept.
 * @param mode of the file; default: what the user's umask leaves
 * @param sync whether the file must survive a power cut; that is slower
 */
export async function writeOutputFile(
  path: string,
  text: string | Uint8Array,
  mode?: number,
  sync = true,
): Promise<void> {
  const place = await realpath(path).catch(() => path)
  const draft = `${place}.${process.pid}.tmp`
  try {
    // The mode is set before anything is written, so that nobody else can read it.
    await using file = await open(draft, 'w', mode)
    if (mode !== undefined) await file.chmod(mode)
    await file.writeFile(text)
    if (sync) await file.sync()
    await rename(draft, place)
  } catch (cause) {
    await rm(draft, { force: true })
    throw new GpregError('storage', `cannot write ${path}`, {
      path,
      cause,
      hint: 'name a file in a directory that exists and can be written to',
    })
  }
}
