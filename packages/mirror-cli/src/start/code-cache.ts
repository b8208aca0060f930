import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { getuid, pid } from 'node:process'
import type { Script } from 'node:vm'

/** Why compiled code is not kept. */
export interface CacheProblem {
  readonly path: string
  /** e.g. `EROFS` */
  readonly reason: string
}

/** The first line of a cache. The code follows without gaps, in the same order. */
interface Header {
  /** identifies the sources that were compiled */
  readonly build: string
  /** bytes of code by the name of the script */
  readonly sizes: Readonly<Record<string, number>>
}

let problem: CacheProblem | undefined

/** The first problem with keeping code; undefined when asked again, so that it is said once. */
export function takeCacheProblem(): CacheProblem | undefined {
  const found = problem
  problem = undefined
  return found
}

/**
 * Where code is kept: below `$XDG_CACHE_HOME` and not in the directory for temporary files, because other users could put code there.
 * @returns undefined if the environment names no absolute path
 */
export function cacheDirectory({
  XDG_CACHE_HOME,
  HOME,
}: Readonly<Record<string, string | undefined>>): string | undefined {
  const path = join(XDG_CACHE_HOME || join(HOME || homedir(), '.cache'), 'gpreg')
  return isAbsolute(path) ? path : undefined
}

/**
 * The compiled code of several scripts in one file, for the next start, which then takes two thirds of the time. V8 compiles most
 * functions when they are first called, so the code is taken after the scripts have run; Node's own cache takes it before.
 */
export class CodeCache {
  readonly #path: string
  readonly #build: string
  readonly #kept: ReadonlyMap<string, Buffer>
  readonly #scripts = new Map<string, Script>()
  #isComplete = true

  /** @param build identifies the sources of the scripts; code of other sources is not used */
  constructor(path: string, build: string) {
    this.#path = path
    this.#build = build
    this.#kept = readCodes(path, build)
    if (this.#kept.size === 0) problem ??= problemWith(dirname(path))
  }

  /** The code that an earlier start kept of a script. V8 refuses code of another version of V8, and code made under other flags. */
  codeOf(name: string): Buffer | undefined {
    return this.#kept.get(name)
  }

  /** Notes a script whose code is wanted at the next start. */
  add(name: string, script: Script): void {
    this.#scripts.set(name, script)
    if (script.cachedDataRejected !== false) this.#isComplete = false
  }

  /** Writes the code of all scripts that were added, unless V8 took the code of each from here. */
  write(): void {
    if (this.#isComplete) return
    const codes = [...this.#scripts].map(([name, script]) => ({ name, code: script.createCachedData() }))
    const sizes = Object.fromEntries(codes.map(({ name, code }) => [name, code.length]))
    const header = `${JSON.stringify({ build: this.#build, sizes } satisfies Header)}\n`
    replaceFile(this.#path, [Buffer.from(header), ...codes.map(({ code }) => code)])
  }
}

/** @returns nothing from a file that is not there, is another user's, or holds something else */
function readCodes(path: string, build: string): Map<string, Buffer> {
  try {
    const bytes = readOwnFile(path) ?? Buffer.alloc(0)
    let offset = bytes.indexOf('\n') + 1
    const header: Header = JSON.parse(bytes.toString('utf8', 0, offset))
    if (header.build !== build) return new Map()
    const codes = new Map(
      Object.entries(header.sizes).map(([name, size]) => [name, bytes.subarray(offset, (offset += size))]),
    )
    return offset === bytes.length ? codes : new Map()
  } catch {
    return new Map()
  }
}

/** @returns undefined if another user owns the file, because its code could then do all that this user may */
function readOwnFile(path: string): Buffer | undefined {
  const file = openSync(path, 'r')
  try {
    const me = getuid?.()
    return me === undefined || fstatSync(file).uid === me ? readFileSync(file) : undefined
  } finally {
    closeSync(file)
  }
}

/** Replaces a file as a whole, on the disk too, because V8 does not check if code is damaged. Without room, nothing is kept. */
function replaceFile(path: string, parts: readonly Buffer[]): void {
  const draft = `${path}.${pid}.tmp`
  try {
    writeFileSync(draft, Buffer.concat(parts), { flag: 'wx', mode: 0o600, flush: true })
    renameSync(draft, path)
  } catch {
    if (existsSync(draft)) unlinkSync(draft)
  }
}

/** Makes the directory if it is not there. @returns why no file can be made in it */
function problemWith(path: string): CacheProblem | undefined {
  try {
    // One directory at a time, because Node's `recursive` never ends if the system answers ENOENT, as in /proc.
    for (const directory of [dirname(path), path])
      if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 })
    accessSync(path, constants.W_OK)
    return undefined
  } catch (error) {
    return { path, reason: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}
