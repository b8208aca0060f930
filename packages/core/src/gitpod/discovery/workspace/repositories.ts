import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../../../context.ts'
import { reading } from '../../../input.ts'
import { CONFIG } from './gitpod-yml.ts'

/**
 * The repositories that a directory stands for: the directory itself, or the repositories in it if it is none. A repository has
 * a `.git` or a `.gitpod.yml`. Other directories beside repositories are passed over with a warning, and links are not followed.
 * @throws `input-unreadable`
 */
export async function repositoriesIn(directory: string, { emit }: Context): Promise<string[]> {
  const entries = await reading(directory, () => readdir(directory, { withFileTypes: true }))
  if (entries.some(({ name }) => name === '.git' || name === CONFIG)) return [directory]
  const repositories: string[] = []
  const others: string[] = []
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isFile()) continue
    const isRepository = entry.isDirectory() && (await hasMark(join(directory, entry.name)))
    const list = isRepository ? repositories : others
    list.push(entry.isSymbolicLink() ? `${entry.name} (a link)` : entry.name)
  }
  if (repositories.length === 0) return [directory]
  if (others.length > 0) {
    const message = `${directory}: passed over, because they have no .git and no ${CONFIG}: ${others.join(', ')}`
    emit({ type: 'warning', code: 'image-skipped', message, subject: { path: directory } })
  }
  return repositories.map(name => join(directory, name))
}

async function hasMark(directory: string): Promise<boolean> {
  const found = await Promise.all(
    ['.git', CONFIG].map(name =>
      stat(join(directory, name)).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}
