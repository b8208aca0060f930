import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writerOf } from '../writer.ts'
import { ingestFolder, onDisk } from './layout-files.ts'
import { assertNoLink, hasLink } from './layout-links.ts'

/** Milliseconds after which an unfinished file that nobody writes to is removed. */
const LEFTOVER_AGE = 24 * 60 * 60_000

/** Milliseconds after which an upload that nobody continues is removed. Its name is its id. */
export const UPLOAD_AGE = 60 * 60_000
const UPLOAD = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Makes the folders of a layout and removes the temporary files of processes that no longer run. Files of another host stay until
 * they are old, because its process may be writing to the same network drive.
 * @param now milliseconds since the epoch
 */
export async function prepareFolders(root: string, now: number): Promise<void> {
  await assertNoLink(root, 'ingest')
  await onDisk(root, async () => {
    await mkdir(ingestFolder(root), { recursive: true })
    // Through a link the folder would be made outside the layout.
    if (!(await hasLink(root, 'blobs'))) await mkdir(join(root, 'blobs', 'sha256'), { recursive: true })
    for (const { name, age, path } of await leftovers(root, now)) {
      const isOrphan = (await writerOf(name))?.state === 'gone'
      if (isOrphan || age > LEFTOVER_AGE) await rm(path, { recursive: true, force: true })
    }
  })
  await removeOldUploads(root, now, new Set())
}

/**
 * Removes the uploads that nobody has continued for an hour, also those that a killed process left.
 * @param open ids of uploads that are in use
 */
export async function removeOldUploads(root: string, now: number, open: ReadonlySet<string>): Promise<void> {
  await onDisk(root, async () => {
    for (const { name, age, path } of await leftovers(root, now))
      if (UPLOAD.test(name) && age > UPLOAD_AGE && !open.has(name)) await rm(path, { force: true })
  })
}

async function leftovers(root: string, now: number) {
  const found: { name: string; path: string; age: number }[] = []
  for (const name of await readdir(ingestFolder(root))) {
    const path = join(ingestFolder(root), name)
    // Undefined if another process has just finished the file.
    const info = await lstat(path).catch(() => undefined)
    if (info !== undefined) found.push({ name, path, age: now - info.mtimeMs })
  }
  return found
}
