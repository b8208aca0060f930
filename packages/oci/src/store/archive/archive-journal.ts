import { open, readFile, type FileHandle } from 'node:fs/promises'
import { isDigest, type Digest } from '../../model/digest.ts'
import { onDisk } from '../layout/layout-files.ts'

/** Records how much of each blob of an archive is written: one line for each step, so that only the last line can be torn. */
export class ArchiveJournal implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #path: string
  /** Bytes of each blob that were written. After a power cut some may be missing, which shows when the blob is hashed. */
  readonly positions: Map<Digest, number>

  private constructor(path: string, file: FileHandle, positions: Map<Digest, number>) {
    this.#path = path
    this.#file = file
    this.positions = positions
  }

  /** @param identity of the archive @returns undefined if the journal belongs to another archive */
  static async open(path: string, identity: string): Promise<ArchiveJournal | undefined> {
    const text = await onDisk(path, () => readFile(path, 'utf8')).catch((error: Error) => {
      if ((error.cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    })
    const [first, ...lines] = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
    if (first !== '' && first !== identity) return undefined
    const positions = new Map<Digest, number>()
    for (const line of lines) {
      const [digest = '', position] = line.split(' ')
      if (isDigest(digest) && /^\d+$/.test(position ?? '')) positions.set(digest, Number(position))
    }
    // A torn first line is overwritten, because it would spoil the next one.
    const file = await onDisk(path, () => open(path, first === '' ? 'w' : 'a'))
    const journal = new ArchiveJournal(path, file, positions)
    // An empty line ends a torn last line.
    await journal.#append(first === '' ? identity : '')
    return journal
  }

  async note(digest: Digest, position: number): Promise<void> {
    this.positions.set(digest, position)
    await this.#append(`${digest} ${position}`)
  }

  async #append(line: string): Promise<void> {
    await onDisk(this.#path, async () => void (await this.#file.appendFile(`${line}\n`)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}
