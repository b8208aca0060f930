import { access, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path'
import { isUtf8 } from 'node:buffer'
import { GpregError, isGpregError } from '@gpreg/oci'
import { decodeText } from '@gpreg/oci/engine'
import { invalidInput, place, reading } from '../../../input.ts'

/** Larger than every file that a person writes. Larger files would be read for seconds. */
const MAX_BYTES = 1 << 20

/** A file of a repository. */
export interface RepositoryFile {
  /** the directory of the repository as the user named it, with the path below it */
  readonly path: string
  /** the file itself, behind symbolic links */
  readonly realPath: string
  readonly text: string
  /** The file is UTF-8, so that its text can be changed and the rest stays as it is, byte for byte. */
  readonly isExact: boolean
}

/** Reads files of one repository, and nothing outside of it, because the repository is not trusted. */
export class RepositoryFiles {
  readonly directory: string
  readonly #root: string

  private constructor(directory: string, root: string) {
    this.directory = directory
    this.#root = root
  }

  /** @throws `input-unreadable` */
  static async open(directory: string): Promise<RepositoryFiles> {
    return new RepositoryFiles(directory, await reading(directory, () => realpath(directory)))
  }

  /**
   * Reads a file.
   * @param file its path, from the root of the repository
   * @param namedAt what names it, for messages
   * @throws `input-unreadable`, `input-invalid` if it is outside of the repository, too large, or no regular file
   */
  async read(file: string, namedAt: string): Promise<RepositoryFile> {
    const path = join(this.directory, file)
    const realPath = await this.#inside(file, namedAt)
    const found = await reading(path, () => stat(realPath))
    if (!found.isFile())
      throw invalidInput(path, undefined, 'this is no file', `check what names it: ${namedAt}`)
    if (found.size > MAX_BYTES)
      throw invalidInput(path, undefined, `larger than ${MAX_BYTES} bytes`, 'name its images with --image')
    const bytes = await reading(path, () => readFile(realPath))
    const text = decodeText(bytes)
    // UTF-16 of ASCII alone would be UTF-8, too, with zero bytes, which no text has.
    const isExact = isUtf8(bytes) && !bytes.includes(0)
    return { path, realPath, text, isExact }
  }

  /** Reads a file that need not be there. */
  async readIfThere(file: string): Promise<RepositoryFile | undefined> {
    try {
      return await this.read(file, place(join(this.directory, file)))
    } catch (thrown) {
      if (isMissing(thrown)) return undefined
      throw thrown
    }
  }

  async has(file: string): Promise<boolean> {
    return access(join(this.#root, file)).then(
      () => true,
      () => false,
    )
  }

  /** The names of the directories in a directory of the repository, sorted; none if it is not there. Links are not followed. */
  async directories(file: string): Promise<string[]> {
    try {
      const found = await readdir(await this.#inside(file, this.directory), { withFileTypes: true })
      return found
        .filter(entry => entry.isDirectory())
        .map(({ name }) => name)
        .toSorted()
    } catch {
      return []
    }
  }

  /** The real path of a file. A path that leads out of the repository, by `..` or by a symbolic link, is refused. */
  async #inside(file: string, namedAt: string): Promise<string> {
    const path = join(this.directory, file)
    if (isAbsolute(file) || isOutside(normalize(file))) throw outside(file, path, namedAt)
    const realPath = await reading(path, () => realpath(path))
    if (isOutside(relative(this.#root, realPath))) throw outside(file, path, namedAt)
    return realPath
  }
}

/** A path from the root of the repository to a file that another file names relative to itself. */
export function besideFile(file: string, named: string): string {
  return isAbsolute(named) ? named : join(dirname(file), named)
}

function outside(file: string, path: string, namedAt: string): GpregError {
  return new GpregError('input-invalid', `${namedAt}: ${JSON.stringify(file)} is outside of the repository`, {
    path,
    hint: 'only files of the repository itself are read',
  })
}

function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)
}

function isMissing(thrown: unknown): boolean {
  if (!isGpregError(thrown, 'input-unreadable')) return false
  const { code = '' } = thrown.cause as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
