import type { Rewrite, RewrittenRepository } from '@gpreg/core'
import { renderTable } from './text/table.ts'

/** The rewrites of a set as `gpreg images --json` prints them. `byHand` says why `--rewrite` does not write one. */
export function rewriteDocuments(rewrites: readonly Rewrite[]) {
  return rewrites.map(({ mention: { path, line, at, text, byHand }, name }) => ({
    file: path,
    line,
    at,
    old: text,
    new: name,
    ...(byHand === undefined ? {} : { byHand }),
  }))
}

/** The lines that must name the mirror; empty if there are none. */
export function renderRewrites(rewrites: readonly Rewrite[]): string {
  if (rewrites.length === 0) return ''
  const isByHand = rewrites.some(({ mention }) => mention.byHand !== undefined)
  const table = renderTable(
    ['LINE', 'AT', 'NOW', 'MUST BE', ...(isByHand ? ['BY HAND'] : [])],
    rewriteDocuments(rewrites).map(({ file, line, at, old, new: name, byHand = '' }) => [
      `${file}:${line}`,
      at,
      visible(old),
      name,
      ...(isByHand ? [byHand] : []),
    ]),
  )
  return `Builds in workspaces ask the registry that a file names. These lines must name the mirror:\n\n${table}`
}

/** What `--rewrite` did: the files that it wrote, or the diff that it did not. */
export function renderRewritten(repositories: readonly RewrittenRepository[]): string {
  return repositories
    .map(({ repository, written, files, reason, diff = '' }) =>
      written
        ? `${repository}: wrote ${files.join(', ')}`
        : `${repository}: nothing was written, because ${reason}; git apply takes this there:\n\n${diff.trimEnd()}`,
    )
    .join('\n\n')
}

/** Text of a file that may have line breaks and control characters. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, character => JSON.stringify(character).slice(1, -1))
}
