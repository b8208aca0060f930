import { mkdir, readdir, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GpregError } from '../../errors.ts'
import { writerMark, writerName, writerOf } from '../../machine/writer.ts'
import { ingestPath, onDisk, storageError, temporaryPath } from './layout-files.ts'

const NAME = 'index.lock'

/** Milliseconds between two looks at a lock that is held. */
const PAUSE = 5

/** Milliseconds after which a lock of another host is broken, because nobody here can tell whether its process still runs. */
const FOREIGN_PATIENCE = 10_000

/** Milliseconds after which a writer gives up. A change of the index takes a small part of this. */
const PATIENCE = 60_000

/**
 * Lets one process at a time change the index of a layout, because two that read it and write it back would lose each other's names.
 *
 * The lock is a folder with one file, the mark of its holder. It is taken by renaming a folder that has this file already, which
 * the system refuses unless the lock is absent or empty. It is released, and taken from a dead holder, by removing the file by its
 * name: names are unique, so nobody removes the lock of a later holder.
 */
export class IndexLock implements AsyncDisposable {
  readonly #folder: string
  readonly #mark: string

  private constructor(folder: string, mark: string) {
    this.#folder = folder
    this.#mark = mark
  }

  /** @throws `storage`, also if another process holds the lock for too long */
  static async take(root: string): Promise<IndexLock> {
    const [draft, mark] = [await temporaryPath(root), await writerMark()]
    const folder = ingestPath(root, NAME)
    try {
      await onDisk(root, async () => {
        await mkdir(draft)
        await writeFile(join(draft, mark), '')
      })
      const holder = new Holder(root, folder)
      while (!(await isRenamed(draft, folder, root))) await holder.wait()
      return new IndexLock(folder, mark)
    } catch (error) {
      await rm(draft, { recursive: true, force: true }).catch(() => {})
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await remove(this.#folder, this.#mark)
    // Refused if the next one holds the lock already.
    await rmdir(this.#folder).catch(() => {})
  }
}

async function isRenamed(draft: string, folder: string, root: string): Promise<boolean> {
  try {
    await rename(draft, folder)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw storageError(error, root)
  }
}

/** The process that holds a lock, as another one sees it that waits. */
class Holder {
  readonly #root: string
  readonly #folder: string
  #mark: string | undefined
  #since = 0

  constructor(root: string, folder: string) {
    this.#root = root
    this.#folder = folder
  }

  /** Waits a moment, or takes the lock from a holder that no longer runs. @throws `storage` if one holder holds it for too long */
  async wait(): Promise<void> {
    const [mark] = await readdir(this.#folder).catch(() => [])
    if (mark === undefined) return
    if (mark !== this.#mark) [this.#mark, this.#since] = [mark, performance.now()]
    const waited = performance.now() - this.#since
    const state = (await writerOf(mark))?.state ?? 'gone'
    if (state === 'gone' || (state === 'elsewhere' && waited > FOREIGN_PATIENCE))
      return remove(this.#folder, mark)
    if (waited > PATIENCE) {
      throw new GpregError(
        'storage',
        `${this.#root} is in use: ${writerName(mark)} does not finish its change`,
        { path: this.#root, hint: 'end that process, then try again' },
      )
    }
    await delay(PAUSE)
  }
}

async function remove(folder: string, mark: string): Promise<void> {
  await unlink(join(folder, mark)).catch(() => {})
}
