import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeDirectory } from '../machine/directory.ts'
import { GpregError } from '../errors.ts'
import { onDisk } from './layout/layout-files.ts'
import { showsLife, writerMark, writerName, writerOf } from '../machine/writer.ts'

const PREFIX = 'claim~'

/** Milliseconds between two signs of life of a claim: its time is set anew. */
const BEAT = 2_000

/** Milliseconds without a sign of life after which a claim of another host or container is gone. */
const SILENCE = 10_000

/**
 * Times that the same claim of another process is seen before it counts as held. Two processes that start together see each other, take
 * their claims back, and after a random pause one of them is alone; each try makes a new claim.
 */
const SIGHTINGS = 4
const LONGEST_PAUSE = 200

export interface ClaimOptions {
  /** Ends the wait for signs of life of another host. */
  readonly signal?: AbortSignal | undefined
  /** What the user can do if another process holds the claim. */
  readonly hint?: string
}

/**
 * Marks a folder as being written by this process, because two writers would overwrite each other's files. A claim of a process
 * that no longer runs (exited or killed) is ignored and removed. The processes of another host or container cannot be seen: their
 * claims count while they show signs of life.
 */
export class Claim implements AsyncDisposable {
  readonly #folder: string
  readonly #path: string
  readonly #name: string
  readonly #beat: NodeJS.Timeout

  private constructor(folder: string, path: string, name: string) {
    this.#folder = folder
    this.#path = path
    this.#name = name
    // `assertHeld` throws the errors.
    this.#beat = setInterval(() => void this.#touch().catch(() => {}), BEAT).unref()
  }

  /**
   * @param path of the output, for messages
   * @throws `storage` if another process is writing
   */
  static async make(folder: string, path: string, options: ClaimOptions = {}): Promise<Claim> {
    let seen: string | undefined
    for (let sightings = 1; ;) {
      const claim = await Claim.#write(folder, path)
      try {
        const holder = await claim.#otherHolder(options.signal)
        if (holder === undefined) return claim
        sightings = holder === seen ? sightings + 1 : 1
        seen = holder
        if (sightings === SIGHTINGS) throw inUse(path, holder, options.hint)
      } catch (error) {
        await claim[Symbol.asyncDispose]()
        throw error
      }
      await claim[Symbol.asyncDispose]()
      await delay(Math.random() * LONGEST_PAUSE, undefined, { signal: options.signal })
    }
  }

  static async #write(folder: string, path: string): Promise<Claim> {
    const name = `${PREFIX}${await writerMark()}`
    await onDisk(folder, async () => {
      await makeDirectory(folder)
      await writeFile(join(folder, name), '')
    })
    return new Claim(folder, path, name)
  }

  /**
   * The mark of another process that holds a claim. Own claims are written before others are read: of two processes that start
   * together, at least one sees the other.
   */
  async #otherHolder(signal: AbortSignal | undefined): Promise<string | undefined> {
    for (const name of await onDisk(this.#folder, () => readdir(this.#folder))) {
      if (!name.startsWith(PREFIX) || name === this.#name) continue
      const mark = name.slice(PREFIX.length)
      const file = join(this.#folder, name)
      const state = (await writerOf(mark))?.state
      if (state === 'running') return mark
      if (state === 'elsewhere' && showsLife(mark) && (await isTouched(file, signal))) return mark
      await rm(file, { force: true })
    }
    return undefined
  }

  /**
   * Checks the claim before files get their names or are removed: a process that stood still for a while (a suspended machine, a
   * hanging share) looks gone to those of other hosts, and one of them may be writing here since.
   * @throws `storage` if the claim is lost
   */
  async assertHeld(): Promise<void> {
    await onDisk(this.#path, () =>
      this.#touch().catch(cause => {
        if (cause.code !== 'ENOENT') throw cause
        throw new GpregError(
          'storage',
          `${this.#path} was taken over by another gpreg while this one stood still`,
          {
            path: this.#path,
            cause,
            hint: 'wait until that one has ended, then run the same command again',
          },
        )
      }),
    )
  }

  async #touch(): Promise<void> {
    const now = new Date()
    await utimes(join(this.#folder, this.#name), now, now)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat)
    await rm(join(this.#folder, this.#name), { force: true })
  }
}

/** Watches a file until its time changes. Times are not compared with the clock, because the clocks of two hosts differ. */
async function isTouched(file: string, signal: AbortSignal | undefined): Promise<boolean> {
  const timeOf = () =>
    stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    )
  const before = await timeOf()
  for (let waited = 0; waited < SILENCE; waited += BEAT / 2) {
    await delay(BEAT / 2, undefined, { signal })
    const now = await timeOf()
    if (now !== before) return now !== undefined
  }
  return false
}

function inUse(path: string, holder: string, hint: string | undefined): GpregError {
  return new GpregError('storage', `${path} is in use: another gpreg (${writerName(holder)}) is writing it`, {
    path,
    hint: hint ?? 'wait until it has ended, or name another path',
  })
}
