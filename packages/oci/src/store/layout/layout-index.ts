import { open, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { GpregError } from '../../errors.ts'
import { MediaType, type Descriptor } from '../../model/descriptor.ts'
import {
  byName,
  formatIndex,
  indexDocument,
  namedEntry,
  REF_NAME,
  type IndexDocument,
  type IndexEntry,
  type WritableNames,
} from './layout-content.ts'
import { onDisk, readDocument, settle, temporaryPath } from './layout-files.ts'

const LAYOUT_VERSION = '1.0.0'

type Change = (entries: readonly IndexEntry[]) => readonly IndexEntry[]

/**
 * `index.json` of a layout: which names stand for which manifests. Changes are written as one new file, atomically; changes
 * that come while one is being written go into the next together. What another process wrote meanwhile is read before, so
 * that its names stay. Nothing shows before it is on disk.
 */
export class LayoutIndex implements WritableNames {
  readonly #root: string
  #document: IndexDocument
  /** which file the document is, as far as can be told without reading it */
  #stamp: string
  #waiting: Change[] = []
  #next: Promise<void> | undefined
  #writing: Promise<void> = Promise.resolve()

  private constructor(root: string, document: IndexDocument, stamp: string) {
    this.#root = root
    this.#document = document
    this.#stamp = stamp
  }

  /** @throws `input-invalid` where the folder holds something that is no layout */
  static async open(root: string): Promise<LayoutIndex> {
    if ((await readDocument(join(root, 'oci-layout'))) === undefined)
      await writeAtomically(root, 'oci-layout', JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }))
    const path = join(root, 'index.json')
    const stamp = await stampOf(path)
    const text = await readDocument(path)
    if (text !== undefined) return new LayoutIndex(root, parseIndex(text, path), stamp)
    const fresh = new LayoutIndex(root, { schemaVersion: 2, manifests: [] }, stamp)
    await fresh.#change(entries => entries)
    return fresh
  }

  /**
   * The index of a layout that is there; nothing is written.
   * @throws `input-invalid`, `input-unreadable`
   */
  static async read(root: string): Promise<LayoutIndex> {
    const path = join(root, 'index.json')
    return new LayoutIndex(root, parseIndex((await readDocument(path)) ?? '', path), await stampOf(path))
  }

  entries(): readonly IndexEntry[] {
    return this.#document.manifests ?? []
  }

  async set(name: string, descriptor: Descriptor): Promise<void> {
    const isNamed = (each: IndexEntry) => each.annotations?.[REF_NAME] === name
    await this.#change(entries => {
      const known = entries.find(isNamed)
      if (known?.digest === descriptor.digest) return entries
      // In order, so that the same names make the same file, however they came.
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

  /** One write at a time; the next one takes all changes that came meanwhile, and they fail or hold together. */
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
    const stamp = await stampOf(path)
    const text = stamp === this.#stamp ? undefined : await readDocument(path)
    const current = text === undefined ? this.#document : parseIndex(text, path)
    const before = current.manifests ?? []
    const manifests = changes.reduce<readonly IndexEntry[]>((entries, change) => change(entries), before)
    const document = {
      ...current,
      schemaVersion: 2 as const,
      mediaType: MediaType.ociIndex,
      manifests: [...manifests],
    }
    if (stamp === NOWHERE || manifests !== before)
      await writeAtomically(this.#root, 'index.json', formatIndex(document))
    this.#document = document
    this.#stamp = await stampOf(path)
  }
}

const NOWHERE = 'nowhere'

/** Who replaces a file makes another inode; who writes into it changes its time. */
async function stampOf(path: string): Promise<string> {
  return onDisk(path, async () => {
    try {
      const { ino, mtimeNs, size } = await stat(path, { bigint: true })
      return `${ino} ${mtimeNs} ${size}`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOWHERE
      throw error
    }
  })
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
  const temporary = temporaryPath(root)
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
