import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GpregError } from '../errors.ts'
import { onDisk } from './layout/layout-files.ts'
import { writerMark, writerOf } from './writer.ts'

const PREFIX = 'claim~'

/**
 * Marks a folder as being written by this process, because two writers would overwrite each other's files. A claim of a process
 * that no longer runs (exited or killed) is ignored and removed.
 */
export class Claim implements AsyncDisposable {
  readonly #file: string

  private constructor(file: string) {
    this.#file = file
  }

  /**
   * @param path of the output, for messages
   * @throws `storage` if another process is writing
   */
  static async make(folder: string, path: string): Promise<Claim> {
    const own = `${PREFIX}${await writerMark()}`
    await onDisk(folder, async () => {
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, own), '')
    })
    const claim = new Claim(join(folder, own))
    // The claim is written before others are read: of two processes that start together, at least one sees the other.
    for (const name of await onDisk(folder, () => readdir(folder))) {
      if (!name.startsWith(PREFIX) || name === own) continue
      const writer = await writerOf(name.slice(PREFIX.length))
      // A claim of another host counts as gone: the folder may have been carried here on a disk, and would stay locked for ever.
      if (writer?.state !== 'running') {
        await rm(join(folder, name), { force: true })
        continue
      }
      await claim[Symbol.asyncDispose]()
      throw new GpregError('storage', `another gpreg (process ${writer.pid}) is writing ${path}`, {
        path,
        hint: 'wait until it has ended, or name another path',
      })
    }
    return claim
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#file, { force: true })
  }
}
