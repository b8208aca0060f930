import { access } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** The git work tree that a file is in, if it is in one. */
export async function gitWorkTree(path: string): Promise<string | undefined> {
  for (let directory = dirname(resolve(path)); ; directory = dirname(directory)) {
    const found = await access(join(directory, '.git')).then(
      () => true,
      () => false,
    )
    if (found) return directory
    if (directory === dirname(directory)) return undefined
  }
}
