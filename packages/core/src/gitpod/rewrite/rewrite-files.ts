import { readFile, realpath, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { invalidInput, place, reading } from '../../input.ts'
import { reasonAgainstWriting } from './git-tree.ts'
import type { Rewrite } from '../discovery/mention.ts'
import { unifiedDiff } from './unified-diff.ts'

/** What became of the rewrites of one repository. */
export interface RewrittenRepository {
  readonly repository: string
  /** The files were changed; if not, `reason` says why, and `diff` is what would change them. */
  readonly written: boolean
  /** paths from the root of the repository */
  readonly files: readonly string[]
  readonly reason?: string
  /** for `git apply` in the repository */
  readonly diff?: string
}

/**
 * Writes the names of the mirror into the files of repositories, and changes nothing else in them. A repository whose git tree is
 * not clean is left alone. Rewrites that only a person can make are passed over.
 * @throws `input-unreadable`, `input-invalid` if a file changed since it was read
 */
export async function rewriteFiles(rewrites: readonly Rewrite[]): Promise<RewrittenRepository[]> {
  const possible = rewrites.filter(({ mention }) => mention.span !== undefined)
  const byRepository = Map.groupBy(possible, ({ mention }) => mention.repository)
  const done: RewrittenRepository[] = []
  for (const [repository, own] of byRepository) done.push(await rewriteRepository(repository, own))
  return done
}

async function rewriteRepository(
  repository: string,
  rewrites: readonly Rewrite[],
): Promise<RewrittenRepository> {
  const root = await reading(repository, () => realpath(repository))
  const byFile = Map.groupBy(rewrites, ({ mention }) => mention.realPath)
  const changes = await Promise.all(
    [...byFile].map(async ([path, own]) => {
      const before = await reading(path, () => readFile(path, 'utf8'))
      return { path, file: relative(root, path), before, after: rewritten(before, own) }
    }),
  )
  const files = changes.map(({ file }) => file)
  const reason = await reasonAgainstWriting(root, files)
  if (reason !== undefined) {
    const diff = changes.map(({ file, before, after }) => unifiedDiff(file, before, after)).join('')
    return { repository, written: false, files, reason, diff }
  }
  for (const { path, after } of changes) await reading(path, () => writeFile(path, after))
  return { repository, written: true, files }
}

/** @param text may begin with a byte order mark, which places in the text do not count */
function rewritten(text: string, rewrites: readonly Rewrite[]): string {
  const mark = text.startsWith('\uFEFF') ? 1 : 0
  let rest = text
  const fromTheEnd = rewrites.toSorted((a, b) => (b.mention.span?.start ?? 0) - (a.mention.span?.start ?? 0))
  for (const { mention, name } of fromTheEnd) {
    const { start, end } = mention.span ?? { start: 0, end: 0 }
    if (rest.slice(start + mark, end + mark) !== mention.text)
      throw invalidInput(
        mention.path,
        mention.line,
        'the file changed while it was read',
        `run again: ${place(mention.path)}`,
      )
    // An IPv6 address begins with a bracket, which begins a list in YAML.
    const written = mention.isPlain && name.startsWith('[') ? `"${name}"` : name
    rest = rest.slice(0, start + mark) + written + rest.slice(end + mark)
  }
  return rest
}
