const CONTEXT = 3

/** A run of lines of a diff, from and without an end, counted from 0. */
interface Hunk {
  readonly start: number
  readonly end: number
}

/**
 * A diff of two texts with the same number of lines, as `git apply` and `patch -p1` take it; empty if they are equal.
 * @param path from the directory in which the diff will be applied
 */
export function unifiedDiff(path: string, before: string, after: string): string {
  const [old, now] = [linesOf(before), linesOf(after)]
  const hunks = hunksOf(old, now)
  if (hunks.length === 0) return ''
  const head = `--- ${quoted(`a/${path}`)}\n+++ ${quoted(`b/${path}`)}\n`
  return head + hunks.map(hunk => formatHunk(hunk, old, now)).join('')
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function hunksOf(old: readonly string[], now: readonly string[]): Hunk[] {
  const hunks: Hunk[] = []
  old.forEach((line, index) => {
    if (line === now[index]) return
    const next = { start: Math.max(0, index - CONTEXT), end: Math.min(old.length, index + CONTEXT + 1) }
    const last = hunks.at(-1)
    if (last === undefined || next.start > last.end) hunks.push(next)
    else hunks[hunks.length - 1] = { start: last.start, end: next.end }
  })
  return hunks
}

/** Lines that follow each other and changed stand together: first as they were, then as they are. */
function formatHunk({ start, end }: Hunk, old: readonly string[], now: readonly string[]): string {
  const lines: string[] = []
  let added: string[] = []
  for (let index = start; index < end; index += 1) {
    const [before = '', after = ''] = [old[index], now[index]]
    if (before === after) {
      lines.push(...added, formatLine(' ', before))
      added = []
      continue
    }
    lines.push(formatLine('-', before))
    added.push(formatLine('+', after))
  }
  const range = `${start + 1},${end - start}`
  return [`@@ -${range} +${range} @@\n`, ...lines, ...added].join('')
}

function formatLine(sign: string, line: string): string {
  return line.endsWith('\n') ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`
}

/** A path as git writes it: in quotes if it has characters that would end it. */
function quoted(path: string): string {
  return /[\p{Cc}"\\]/u.test(path) ? JSON.stringify(path) : path.includes(' ') ? `${path}\t` : path
}
