import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { GpregError } from '../errors.ts'
import { onDisk } from './layout/layout-files.ts'

const PREFIX = 'claim~'

/**
 * Says that this process writes into a folder: two at once would spoil what the other writes, and take its names away. Who is
 * gone claims nothing, whether it ended or was killed.
 */
export class Claim implements AsyncDisposable {
  readonly #file: string

  private constructor(file: string) {
    this.#file = file
  }

  /**
   * @param path what messages say is being written
   * @throws `storage` where another process is writing
   */
  static async make(folder: string, path: string): Promise<Claim> {
    const own = `${PREFIX}${hostname()}~${process.pid}~${await startOf(process.pid)}~${randomUUID()}`
    await onDisk(folder, async () => {
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, own), '')
    })
    const claim = new Claim(join(folder, own))
    // First said, then looked: of two that begin together at least one sees the other.
    for (const name of await onDisk(folder, () => readdir(folder))) {
      if (!name.startsWith(PREFIX) || name === own) continue
      const pid = await livingWriter(name)
      if (pid === undefined) {
        await rm(join(folder, name), { force: true })
        continue
      }
      await claim[Symbol.asyncDispose]()
      throw new GpregError('storage', `another gpreg (process ${pid}) is writing ${path}`, {
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

/** The process that made a claim; undefined where it is gone. Nothing is known of other hosts: a disk may have been carried. */
async function livingWriter(name: string): Promise<number | undefined> {
  const [host, pid, start] = name.slice(PREFIX.length).split('~')
  if (host !== hostname()) return undefined
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
  }
  // Numbers of processes come back, their times of start do not.
  return start === (await startOf(Number(pid))) ? Number(pid) : undefined
}

/** When a process started, in the ticks of Linux; the same for all where nothing tells. man 5 proc_pid_stat */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
