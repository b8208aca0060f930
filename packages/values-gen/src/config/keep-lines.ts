import { isDeepStrictEqual } from 'node:util'
import { diffArrays } from 'diff'
import { isMap, isNode, isSeq, LineCounter, parse, parseDocument, visit } from 'yaml'

/**
 * Restores the unchanged lines of a YAML file as the user wrote them, because a YAML printer writes them in its own style. New lines
 * end as those of the file do.
 * @param text the file as the user wrote it
 * @param printed the same content, written by the printer
 * @param changed the new content, written by the printer
 */
export function keepLines(text: string, printed: string, changed: string): string {
  const isWindows = text.includes('\r\n') && !/(?<!\r)\n/.test(text)
  const result = keptLines(isWindows ? text.replaceAll('\r\n', '\n') : text, printed, changed)
  return isWindows ? result.replaceAll('\n', '\r\n') : result
}

function keptLines(text: string, printed: string, changed: string): string {
  const before = printed.split('\n')
  const written = linesByField(text, printed)
  let line = 0
  const kept = diffArrays(before, changed.split('\n')).flatMap(({ added, removed, value }) => {
    if (added) return value.map(one => shifted(one, before[line - 1], written[line - 1]?.[0]))
    line += value.length
    return removed ? [] : written.slice(line - value.length, line).flat()
  })
  const result = kept.join('\n')
  return meansTheSame(result, changed) ? result : changed
}

/** The lines of a field, from 0, without the end. */
type Lines = readonly [start: number, end: number]

/**
 * For each printed line, the lines of the user that it stands for. The printer folds long texts and has its own quotes and numbers,
 * so that only the order of the fields says which lines are the same.
 */
function linesByField(text: string, printed: string): string[][] {
  const [own, others] = [text.split('\n'), printed.split('\n')]
  const [mine, theirs] = [fieldsOf(text), fieldsOf(printed)]
  const lines: string[][] = []
  let position = 0
  for (const [index, [start, end]] of mine.length === theirs.length ? theirs.entries() : []) {
    const [from, to] = mine[index]!
    if (start < lines.length || from < position) continue
    addLines(lines, own.slice(position, from), others.slice(lines.length, start))
    lines.push(own.slice(from, to), ...Array.from({ length: end - start - 1 }, () => []))
    position = to
  }
  addLines(lines, own.slice(position), others.slice(lines.length))
  return lines
}

/** The fields and items without others below them, in the order of the file. */
function fieldsOf(text: string): Lines[] {
  const counter = new LineCounter()
  const found: Lines[] = []
  const add = (start: number, end: number) => {
    const last = end > start && text[end - 1] === '\n' ? end - 1 : end
    found.push([counter.linePos(start).line - 1, counter.linePos(last).line])
  }
  visit(parseDocument(text, { lineCounter: counter }), {
    Pair(_, { key, value }) {
      const [start] = isNode(key) ? (key.range ?? []) : []
      const [, end] = isNode(value) ? (value.range ?? []) : []
      const hasFields = (isMap(value) || isSeq(value)) && value.flow !== true && value.items.length > 0
      if (hasFields) return undefined
      if (start !== undefined && end !== undefined) add(start, end)
      return visit.SKIP
    },
    Scalar(_, { range }) {
      if (range) add(range[0], range[1])
    },
  })
  return found
}

/** Comments and empty lines. */
const ASIDE = /^\s*(?:#|$)/

/**
 * Adds, for each printed line between two fields, the line of the user that differs only in blanks. Comments and empty lines that
 * the printer has elsewhere stay behind the line that they follow.
 */
function addLines(lines: string[][], text: readonly string[], printed: readonly string[]): void {
  const comparator = (one: string, other: string) => one.replace(/\s/g, '') === other.replace(/\s/g, '')
  let position = 0
  for (const { added, removed, value } of diffArrays([...text], [...printed], { comparator })) {
    const here = text.slice(position, position + value.length)
    if (added) lines.push(...value.map(line => (ASIDE.test(line) ? [] : [line])))
    else if (!removed) lines.push(...here.map(line => [line]))
    else lines.at(-1)?.push(...here.filter(line => ASIDE.test(line)))
    if (!added) position += value.length
  }
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
