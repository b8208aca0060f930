import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { GpregError } from '../../errors.ts'

/**
 * Whether a folder of a layout, or one above it, is a symbolic link. A layout may come from a stranger, and a link may lead to any
 * file of this machine. A folder that does not exist is none.
 */
export async function hasLink(root: string, ...folders: readonly string[]): Promise<boolean> {
  let path = root
  for (const folder of folders) {
    path = join(path, folder)
    const info = await lstat(path).catch(() => undefined)
    if (info?.isSymbolicLink()) return true
  }
  return false
}

/** @throws `storage` if a folder of the layout is a symbolic link */
export async function assertNoLink(root: string, ...folders: readonly string[]): Promise<void> {
  if (!(await hasLink(root, ...folders))) return
  const path = join(root, ...folders)
  throw new GpregError('storage', `${path} is behind a symbolic link, which is not followed`, {
    path,
    hint: 'put a folder in place of the link, or mount one there',
  })
}
