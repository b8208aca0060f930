import { open, readdir, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { GpregError } from '../errors.ts'
import { isRunning } from './process.ts'

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
  try {
    await replaceFile(place, async draft => {
      // The mode is set before anything is written, so that nobody else can read it.
      await using file = await open(draft, 'w', mode)
      if (mode !== undefined) await file.chmod(mode)
      await file.writeFile(text)
      if (sync) await file.sync()
    })
  } catch (cause) {
    throw new GpregError('storage', `cannot write ${path}`, {
      path,
      cause,
      hint: 'name a file in a directory that exists and can be written to',
    })
  }
}

/** Has a draft written beside a file, which then gets the file's name. If anything fails, the draft is removed and the old file stays. */
export async function replaceFile<T>(path: string, write: (draft: string) => Promise<T>): Promise<T> {
  const draft = `${path}.${process.pid}.tmp`
  try {
    const result = await write(draft)
    await rename(draft, path)
    return result
  } catch (cause) {
    await rm(draft, { force: true })
    throw cause
  }
}

/** Removes what runs that were killed while they wrote a file left beside it: a draft of a file of secrets holds secrets, too. */
export async function removeDrafts(path: string): Promise<void> {
  const place = await realpath(path).catch(() => path)
  const prefix = `${basename(place)}.`
  for (const name of await readdir(dirname(place)).catch(() => [])) {
    const [, pid] = (name.startsWith(prefix) && /^(\d+)\.tmp$/.exec(name.slice(prefix.length))) || []
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(dirname(place), name), { force: true })
  }
}
