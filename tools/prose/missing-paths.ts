import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { namedPaths, type NamedPath } from './named-paths.ts'

const DOCUMENTS = ['*.md', 'docs/**/*.md', 'e2e/**/*.md', 'packages/*/*.md']
const IGNORED = new Set(['node_modules', 'dist', '.git', '.nx', 'release', 'coverage'])

/** A sentence for each path that a document names and the repository does not have. */
export function missingPaths(repo: string): string[] {
  const exclude = (path: string) => IGNORED.has(basename(path))
  const tree = new Set(globSync('**', { cwd: repo, exclude }))
  return globSync(DOCUMENTS, { cwd: repo, exclude })
    .sort()
    .flatMap(document =>
      namedPaths(readFileSync(join(repo, document), 'utf8'))
        .filter(named => !exists(named, document, tree))
        .map(({ line, path }) => `${document}:${line} names ${path}, which is not there${hint(path, tree)}`),
    )
}

export function exists({ path, kind }: NamedPath, document: string, tree: ReadonlySet<string>): boolean {
  const wanted = path.replace(/\/$/, '')
  const besides = join(dirname(document), wanted)
  if (besides === '.' || tree.has(besides)) return true
  if (kind === 'link') return false
  // A README of a package also names files of its reader, such as `main.ts`.
  if (!wanted.includes('/') && document.startsWith('packages/')) return true
  return tree.has(wanted) || [...tree].some(each => each.endsWith(`/${wanted}`))
}

function hint(path: string, tree: ReadonlySet<string>): string {
  const alike = [...tree].filter(each => basename(each) === basename(path))
  return alike.length > 0 ? `; there is ${alike.join(', ')}` : ''
}
