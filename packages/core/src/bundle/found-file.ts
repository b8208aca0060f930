import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { reading } from '../input.ts'

/** The first of these paths that is a file. Its name may be spelled in another case, see {@link sameName}. */
export async function firstThere(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = (await isFile(path)) ? path : await spelledOtherwise(path)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether two file names differ at most in case: some discs and machines write names in capitals. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    info => info.isDirectory(),
    () => false,
  )
}

/** Bytes of a file. @throws `input-unreadable` */
export async function sizeOf(path: string): Promise<number> {
  return reading(path, async () => (await stat(path)).size)
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    info => info.isFile(),
    () => false,
  )
}

/** The only file in the directory whose name is the same but for its case. */
async function spelledOtherwise(path: string): Promise<string | undefined> {
  const names = await readdir(dirname(path)).catch(() => [])
  const [found, ...more] = names.filter(name => sameName(name, basename(path)))
  if (found === undefined || more.length > 0) return undefined
  const there = join(dirname(path), found)
  return (await isFile(there)) ? there : undefined
}
