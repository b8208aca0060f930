import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the compiled code of gpreg is in a home directory. */
export const compiledCodeIn = (home: string) => join(home, '.cache/gpreg')

/**
 * The files of compiled code in a home directory. A start that finds code which V8 refuses, or lacks some, replaces a file.
 * @returns inode numbers by name; a replaced file has another
 */
export async function keptCode(home: string): Promise<Record<string, number>> {
  const directory = compiledCodeIn(home)
  const names = (await readdir(directory)).sort()
  const inodes = names.map(async name => [name, (await stat(join(directory, name))).ino] as const)
  return Object.fromEntries(await Promise.all(inodes))
}
