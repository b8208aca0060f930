import { open, readFile, type FileHandle } from 'node:fs/promises'
import { isDigest, type Digest } from '../../model/digest.ts'
import { onDisk } from '../layout/layout-files.ts'

/** How far each blob of an archive has come: a line a step, so that nothing but its last line can be torn. */
export class Journal implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #path: string
  /** bytes of each blob that were written, from its start; what a power cut left out shows when they are hashed */
  readonly positions: Map<Digest, number>

  private constructor(path: string, file: FileHandle, positions: Map<Digest, number>) {
    this.#path = path
    this.#file = file
    this.positions = positions
  }

  /** @param identity of the archive; undefined comes back where the journal is about another one */
  static async open(path: string, identity: string): Promise<Journal | undefined> {
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
    // A torn first line says nothing, and would spoil the next.
    const file = await onDisk(path, () => open(path, first === '' ? 'w' : 'a'))
    const journal = new Journal(path, file, positions)
    // Behind a torn line, a new one starts on its own.
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
