import { createHash } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../../machine/directory.ts'
import type { Context } from '../../context.ts'
import { warnNotKept } from '../../machine/state-directory.ts'

/**
 * Remembers which images were copied without all their referrers, because the source did not tell them or one failed. The tag of
 * such an image is up to date, so a later run would not look for its referrers again.
 */
export interface UnfinishedReferrers {
  /** @param image its name at the target */
  has(image: string): Promise<boolean>
  note(image: string): Promise<void>
  forget(image: string): Promise<void>
}

/** Keeps one empty file for each image. An error of the disk is only warned of: without a file, the referrers are not looked for again. */
export function unfinishedReferrers(directory: string, context: Pick<Context, 'emit'>): UnfinishedReferrers {
  const warn = warnNotKept(context, directory, 'the next run does not look for the missing referrers again')
  const nameOf = (image: string) => createHash('sha256').update(image).digest('hex')
  let known: Promise<Set<string>> | undefined
  const read = () =>
    (known ??= readdir(directory).then(
      names => new Set(names),
      () => new Set(),
    ))
  return {
    has: async image => (await read()).has(nameOf(image)),
    async note(image) {
      const name = nameOf(image)
      const names = await read()
      if (names.has(name)) return
      names.add(name)
      try {
        await makeDirectory(directory, 0o700)
        await writeFile(join(directory, name), '', { mode: 0o600 })
      } catch (error) {
        warn(error)
      }
    },
    async forget(image) {
      const name = nameOf(image)
      if ((await read()).delete(name)) await rm(join(directory, name), { force: true }).catch(() => {})
    },
  }
}
