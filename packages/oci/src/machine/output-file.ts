import { open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { GpregError } from '../errors.ts'
import { fileFault } from './file-fault.ts'
import { writerMark, writerOf } from './writer.ts'

/** File mode of files that hold secrets. */
export const SECRET_MODE = 0o600

/**
 * Writes a file whole or not at all: a reader never sees half of it, and the old file stays if writing fails. A symbolic link
 * is kept. A pipe or a device gets the text, because a file in its place would break all others that use it.
 * @param mode of the file; default: what the user's umask leaves
 * @param sync whether the file must survive a power cut; that is slower
 */
export async function writeOutputFile(
  path: string,
  text: string | Uint8Array,
  mode?: number,
  sync = true,
): Promise<void> {
  try {
    // The path itself, because a pipe behind /dev/stdout has no path of its own.
    const there = await stat(path).catch(() => undefined)
    if (there !== undefined && !there.isFile()) return await writeInto(path, text)
    const place = await realpath(path).catch(() => path)
    await replaceFile(place, async draft => {
      // The mode is set before anything is written, so that nobody else can read it.
      await using file = await open(draft, 'wx', mode)
      if (mode !== undefined) await file.chmod(mode)
      await file.writeFile(text)
      if (sync) await file.sync()
    })
    if (sync) await syncFolder(dirname(place))
  } catch (cause) {
    throw new GpregError('storage', `cannot write ${path}: ${fileFault(cause)}`, {
      path,
      cause,
      hint: 'name a file in a directory that exists and can be written to',
    })
  }
}

async function writeInto(path: string, text: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'w')
  await file.writeFile(text)
}

/** Has a draft written beside a file, which then gets the file's name. If anything fails, the draft is removed and the old file stays. */
export async function replaceFile<T>(path: string, write: (draft: string) => Promise<T>): Promise<T> {
  // The mark, because the processes of two containers may have the same id and one volume.
  const draft = `${path}.${await writerMark()}${DRAFT}`
  try {
    const result = await write(draft)
    await rename(draft, path)
    return result
  } catch (cause) {
    await rm(draft, { force: true })
    throw cause
  }
}

const DRAFT = '.tmp'

/** Removes what runs that were killed while they wrote a file left beside it: a draft of a file of secrets holds secrets, too. */
export async function removeDrafts(path: string): Promise<void> {
  const place = await realpath(path).catch(() => path)
  const prefix = `${basename(place)}.`
  for (const name of await readdir(dirname(place)).catch(() => [])) {
    if (!name.startsWith(prefix) || !name.endsWith(DRAFT)) continue
    const writer = await writerOf(name.slice(prefix.length, -DRAFT.length))
    if (writer?.state === 'gone') await rm(join(dirname(place), name), { force: true })
  }
}

/** Has the names in a folder survive a power cut, where the system can do that: a synced file may lose its name otherwise. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r')
    await folder.sync()
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code)) throw error
  }
}

/** What systems answer that sync no folders, or for a folder that may be written but not read. */
const CANNOT_SYNC: ReadonlySet<string | undefined> = new Set(['EACCES', 'EINVAL', 'EISDIR', 'EPERM'])
