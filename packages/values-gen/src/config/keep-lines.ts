import { isDeepStrictEqual } from 'node:util'
import { diffArrays } from 'diff'
import { parse } from 'yaml'

/**
 * Puts the lines that did not change back as they were written: a YAML printer has a style of its own.
 * @param text as it was written
 * @param printed the same, from the printer
 * @param changed what it becomes, from the printer
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

/** For each printed line what had been written in its place: the same but for blanks, with the empty lines after it. */
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

/** A new line beside or below one that the user indents otherwise than the printer does. */
function shifted(line: string, printed: string | undefined, written: string | undefined): string {
  if (printed === undefined || written === undefined || indentOf(line) < indentOf(printed)) return line
  return ' '.repeat(Math.max(0, indentOf(line) + indentOf(written) - indentOf(printed))) + line.trimStart()
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}

/** Where the user's indentation is beyond us, the printer's is right. */
function meansTheSame(one: string, other: string): boolean {
  try {
    return isDeepStrictEqual(parse(one), parse(other))
  } catch {
    return false
  }
}
