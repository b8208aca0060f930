import { lstat, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { GpregError, isGpregError } from '../../errors.ts'
import { MediaType, type Descriptor } from '../../model/descriptor.ts'
import {
  byName,
  formatIndex,
  indexDocument,
  namedEntry,
  nameOf,
  type IndexDocument,
  type IndexEntry,
  type WritableNames,
} from './layout-content.ts'
import { IndexLock } from './index-lock.ts'
import { MAX_INDEX, onDisk, readDocument, settle, temporaryPath } from './layout-files.ts'

const LAYOUT_VERSION = '1.0.0'

type Change = (entries: readonly IndexEntry[]) => readonly IndexEntry[]

/**
 * `index.json` of a layout: the names of its manifests. A change replaces the file atomically; changes that arrive during a write
 * go into the next one together. A write holds a lock, and reads the file again first if another process has changed it, so that no
 * name is lost. A change is visible only once it is on disk.
 */
export class LayoutIndex implements WritableNames {
  readonly #root: string
  #document: IndexDocument
  /** Identifies the file that the document was read from, see {@link stampOf}. */
  #stamp: string
  #waiting: Change[] = []
  #next: Promise<void> | undefined
  #writing: Promise<void> = Promise.resolve()

  private constructor(root: string, document: IndexDocument, stamp: string) {
    this.#root = root
    this.#document = document
    this.#stamp = stamp
  }

  /** Opens an index, or makes an empty one. @throws `input-invalid` if the folder holds something else */
  static async open(root: string): Promise<LayoutIndex> {
    if ((await readDocument(join(root, 'oci-layout'))) === undefined)
      await writeAtomically(root, 'oci-layout', JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }))
    const path = join(root, 'index.json')
    const stamp = await stampOf(path)
    const text = await readDocument(path, MAX_INDEX)
    if (text !== undefined) return new LayoutIndex(root, parseIndex(text, path), stamp)
    const fresh = new LayoutIndex(root, { schemaVersion: 2, manifests: [] }, stamp)
    await fresh.#change(entries => entries)
    return fresh
  }

  /**
   * Reads the index of an existing layout. Nothing is written.
   * @throws `input-invalid`, `input-unreadable`
   */
  static async read(root: string): Promise<LayoutIndex> {
    const path = join(root, 'index.json')
    // The time is taken first: if the file changes in between, it is read once more, not once too few.
    const stamp = await stampOf(path)
    const text = await readDocument(path, MAX_INDEX)
    if (text === undefined)
      throw new GpregError('input-invalid', `${root} is no OCI layout: it has no index.json`, {
        path,
        hint: 'name an OCI image layout',
      })
    return new LayoutIndex(root, parseIndex(text, path), stamp)
  }

  /**
   * Reads the file again if another process has changed it. While it is unreadable (another tool may be writing it), the names stay
   * as they were.
   */
  async refresh(): Promise<void> {
    const path = join(this.#root, 'index.json')
    const known = this.#stamp
    try {
      const stamp = await stampOf(path)
      if (stamp === known) return
      const text = await readDocument(path, MAX_INDEX)
      if (text === undefined) return
      const document = parseIndex(text, path)
      // A change of this process may have come in between, and is newer than what was read.
      if (this.#stamp === known) [this.#document, this.#stamp] = [document, stamp]
    } catch (error) {
      if (!isGpregError(error)) throw error
    }
  }

  entries(): readonly IndexEntry[] {
    return this.#document.manifests ?? []
  }

  async set(name: string, descriptor: Descriptor): Promise<void> {
    const isNamed = (each: IndexEntry) => nameOf(each) === name
    await this.#change(entries => {
      const known = entries.find(isNamed)
      if (known?.digest === descriptor.digest) return entries
      // Sorted, so that the same names make the same file in any order of changes.
      return [...entries.filter(each => each !== known), namedEntry(name, descriptor)].toSorted(byName)
    })
  }

  async remove(condition: (entry: IndexEntry) => boolean): Promise<boolean> {
    let removed = false
    await this.#change(entries => {
      const kept = entries.filter(each => !condition(each))
      removed = kept.length < entries.length
      return removed ? kept : entries
    })
    return removed
  }

  /** Queues a change. There is one write at a time; the next one takes all queued changes, and they succeed or fail together. */
  #change(change: Change): Promise<void> {
    this.#waiting.push(change)
    this.#next ??= this.#writing
      .catch(() => {})
      .then(() => {
        const changes = this.#waiting.splice(0)
        this.#next = undefined
        return (this.#writing = this.#write(changes))
      })
    return this.#next
  }

  async #write(changes: readonly Change[]): Promise<void> {
    const path = join(this.#root, 'index.json')
    await using _ = await IndexLock.take(this.#root)
    const stamp = await stampOf(path)
    const text = stamp === this.#stamp ? undefined : await readDocument(path, MAX_INDEX)
    const current = text === undefined ? this.#document : parseIndex(text, path)
    const before = current.manifests ?? []
    const manifests = changes.reduce<readonly IndexEntry[]>((entries, change) => change(entries), before)
    const document = {
      ...current,
      schemaVersion: 2 as const,
      mediaType: MediaType.ociIndex,
      manifests: [...manifests],
    }
    if (stamp === ABSENT || manifests !== before) {
      const written = formatIndex(document)
      assertReadable(written, path)
      await writeAtomically(this.#root, 'index.json', written)
    }
    const written = await stampOf(path)
    this.#document = document
    this.#stamp = written
  }
}

/** Stamp of a file that does not exist. */
const ABSENT = 'absent'

/** Inode, time and size of a file: a replaced file has another inode, and a changed one another time. */
async function stampOf(path: string): Promise<string> {
  return onDisk(path, async () => {
    try {
      const { ino, mtimeNs, size } = await lstat(path, { bigint: true })
      return `${ino} ${mtimeNs} ${size}`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ABSENT
      throw error
    }
  })
}

/** @throws `storage` for an index that would not be read again */
function assertReadable(text: string, path: string): void {
  if (Buffer.byteLength(text) <= MAX_INDEX) return
  throw new GpregError(
    'storage',
    `${path} would have more than ${MAX_INDEX} bytes: the layout has too many names`,
    {
      path,
      hint: 'keep so many names in several layouts, or in a registry',
    },
  )
}

/** @throws `input-invalid` */
export function parseIndex(text: string, path: string): IndexDocument {
  try {
    return indexDocument.parse(JSON.parse(text))
  } catch (cause) {
    throw new GpregError('input-invalid', `${path} is not the index of an OCI layout`, {
      path,
      cause,
      hint: 'name an OCI image layout, or an empty or new directory',
    })
  }
}

async function writeAtomically(root: string, name: string, text: string): Promise<void> {
  const temporary = await temporaryPath(root)
  await onDisk(root, async () => {
    try {
      const file = await open(temporary, 'wx')
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await settle(temporary, join(root, name))
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw error
    }
  })
}
