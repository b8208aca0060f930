import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../../machine/directory.ts'
import { UPLOAD_AGE } from '../capabilities.ts'
import { writerOf } from '../../machine/writer.ts'
import { ingestFolder, onDisk } from './layout-files.ts'
import { assertNoLink, hasLink } from './layout-links.ts'

/** Milliseconds after which an unfinished file that nobody writes to is removed. */
const LEFTOVER_AGE = 24 * 60 * 60_000

/** The file name of an upload is its id. */
const UPLOAD = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Makes the folders of a layout and removes the temporary files of processes that no longer run. Files of another host stay until
 * they are old, because its process may be writing to the same network drive.
 * @param now milliseconds since the epoch
 */
export async function prepareFolders(root: string, now: number): Promise<void> {
  await assertNoLink(root, 'ingest')
  await onDisk(root, async () => {
    await makeDirectory(ingestFolder(root))
    // Through a link the folder would be made outside the layout.
    if (!(await hasLink(root, 'blobs'))) await makeDirectory(join(root, 'blobs', 'sha256'))
    for (const { name, changed, path } of await unfinished(root)) {
      const isOrphan = (await writerOf(name))?.state === 'gone'
      if (isOrphan || changed < now - LEFTOVER_AGE) await rm(path, { recursive: true, force: true })
    }
  })
  await removeUploads(root, now - UPLOAD_AGE, new Set())
}

/** See {@link UploadRemover}. */
export async function removeUploads(root: string, before: number, open: ReadonlySet<string>): Promise<void> {
  await onDisk(root, async () => {
    for (const { name, changed, path } of await unfinished(root))
      if (UPLOAD.test(name) && changed < before && !open.has(name)) await rm(path, { force: true })
  })
}

/** The files that are not content yet, and when they were last changed. */
async function unfinished(root: string) {
  const found: { name: string; path: string; changed: number }[] = []
  for (const name of await readdir(ingestFolder(root))) {
    const path = join(ingestFolder(root), name)
    // Undefined if another process has just finished the file.
    const info = await lstat(path).catch(() => undefined)
    if (info !== undefined) found.push({ name, path, changed: info.mtimeMs })
  }
  return found
}
