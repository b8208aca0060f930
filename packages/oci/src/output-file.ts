import { open, realpath, rename, rm } from 'node:fs/promises'
import { GpregError } from './errors.ts'

/** For files that hold secrets. */
export const SECRET_MODE = 0o600

/**
 * Writes a file whole or not at all: a reader never sees half of it, and what was there stays if this fails. A symbolic link
 * stays one.
 * @param mode of the file; default: what the user's umask leaves
 * @param sync whether it is to outlive a power cut, too, which takes its time
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
    // Of its final mode before there is anything in it to read.
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
