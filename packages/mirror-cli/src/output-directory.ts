import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GpregError } from '@gpreg/oci'
import { fileFault, makeDirectory, SECRET_MODE, writeOutputFile } from '@gpreg/oci/engine'

/** A file below a directory. */
export interface OutputFile {
  readonly path: string
  readonly content: string
  readonly mode: number
}

/**
 * Writes files below a directory. Nothing is written if one of the files exists with other content, unless `force` is set.
 * @throws `usage`, `storage`
 */
export async function writeOutputDirectory(
  directory: string,
  files: readonly OutputFile[],
  { force }: { readonly force: boolean },
): Promise<void> {
  const changed = force ? [] : await changedFiles(directory, files)
  if (changed.length > 0)
    throw new GpregError('usage', `${changed.join(' and ')} would be overwritten with something else`, {
      path: changed[0]!,
      hint: 'look at the difference, then run the same command with --force, or name another directory',
    })
  for (const { path, content, mode } of files) {
    const file = join(directory, path)
    await prepareDirectory(dirname(file))
    await writeOutputFile(file, content, mode === SECRET_MODE ? SECRET_MODE : undefined)
  }
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR'])

async function changedFiles(directory: string, files: readonly OutputFile[]): Promise<string[]> {
  const found = await Promise.all(
    files.map(async ({ path, content }) => {
      const file = join(directory, path)
      const old = await readFile(file, 'utf8').catch(({ code }) => (ABSENT.has(code) ? content : undefined))
      return old === content ? [] : [file]
    }),
  )
  return found.flat()
}

async function prepareDirectory(path: string): Promise<void> {
  try {
    await makeDirectory(path)
  } catch (cause) {
    throw new GpregError('storage', `cannot make the directory ${path}: ${fileFault(cause)}`, {
      path,
      cause,
      hint: 'name a directory that can be written to',
    })
  }
}
