import { isDeepStrictEqual } from 'node:util'
import { diffArrays } from 'diff'
import { parse } from 'yaml'

/**
 * Restores the unchanged lines of a YAML file as the user wrote them, because a YAML printer writes them in its own style.
 * @param text the file as the user wrote it
 * @param printed the same content, written by the printer
 * @param changed the new content, written by the printer
 */
export function keepLines(text: string, printed: string, changed: string): string {
  const before = printed.split('\n')
  const written = writtenLines(text.split('\n'), before)
  let line = 0
  const kept = diffArrays(before, changed.split('\n')).flatMap(({ added, removed, value }) => {
    if (added) return value.map(one => shifted(one, before[line - 1], written[line - 1]?.[0]))
    line += value.length
    return removed ? [] : written.slice(line - value.length, line).flat()
  })
  const result = kept.join('\n')
  return meansTheSame(result, changed) ? result : changed
}

/** For each printed line, the lines of the user that it stands for: the line that differs only in blanks, and the empty lines after it. */
function writtenLines(text: readonly string[], printed: readonly string[]): string[][] {
  const lines: string[][] = []
  const comparator = (one: string, other: string) => one.replace(/\s/g, '') === other.replace(/\s/g, '')
  let position = 0
  for (const { added, removed, value } of diffArrays([...text], [...printed], { comparator })) {
    const here = text.slice(position, position + value.length)
    if (added) lines.push(...value.map(line => (line.trim() === '' ? [] : [line])))
    else if (!removed) lines.push(...here.map(line => [line]))
    else lines.at(-1)?.push(...here.filter(line => line.trim() === ''))
    if (!added) position += value.length
  }
  return lines
}

/** Shifts a new line by the blanks by which the user's and the printer's indentation of the line before it differ. */
function shifted(line: string, printed: string | undefined, written: string | undefined): string {
  if (printed === undefined || written === undefined || indentOf(line) < indentOf(printed)) return line
  return ' '.repeat(Math.max(0, indentOf(line) + indentOf(written) - indentOf(printed))) + line.trimStart()
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}

/** True if both texts have the same content. If restored lines would change the content, the printer's text is used. */
function meansTheSame(one: string, other: string): boolean {
  try {
    return isDeepStrictEqual(parse(one), parse(other))
  } catch {
    return false
  }
}
