import type { ListItem } from './list-item.ts'
import { linesOf } from './text-list.ts'

/** A column of a table: its name in lower case, and where it starts and ends in lines without separators. */
interface Column {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** The columns that name an image, the best first, and those that name its target. */
const NAMES = ['ref', 'image', 'images', 'reference', 'source', 'original', 'repository'] as const
const TARGETS = ['target', 'destination', 'dest', 'mirror'] as const

/** True for text whose first line names columns: `docker images`, `crictl images`, `ctr images ls`, `gpreg images`, CSV with a header. */
export function isTable(text: string): boolean {
  const header = headerOf(linesOf(text))?.content
  if (header === undefined) return false
  const names = columnsOf(header).map(({ name }) => name)
  const isNamed = NAMES.some(name => names.includes(name))
  const isHeader =
    header === header.toUpperCase() ||
    (separatorOf(header) !== undefined && names.every(name => /^[a-z_ ]*$/.test(name)))
  return (
    isNamed && isHeader && /[A-Za-z]/.test(header) && (names.length > 1 || header === header.toUpperCase())
  )
}

/** Reads a table. Rows without an image are told. */
export function* readTable(text: string): Generator<ListItem> {
  const lines = linesOf(text)
  const header = headerOf(lines)
  if (header === undefined) return
  const columns = columnsOf(header.content)
  for (const [index, content] of lines.entries())
    if (index > header.index && !/^[\s|:-]*$/.test(content))
      yield* readRow(content, index + 1, columns, separatorOf(header.content))
}

function* readRow(
  content: string,
  line: number,
  columns: readonly Column[],
  separator: string | undefined,
): Generator<ListItem> {
  const cells = new Map(
    cellsOf(content, columns, separator).filter(([, value]) => value !== '' && value !== '<none>'),
  )
  const cell = (names: readonly string[]) =>
    names.map(name => cells.get(name)).find(value => value !== undefined)
  const [image, tag, digest, target] = [cell(NAMES), cell(['tag']), cell(['digest']), cell(TARGETS)]
  const version = `${tag === undefined ? '' : `:${tag}`}${digest?.includes(':') === true ? `@${digest}` : ''}`
  const isWhole = image !== undefined && /[:@][^/]*$/.test(image)
  const hasTags = columns.some(({ name }) => name === 'tag')
  if (image === undefined || (hasTags && !isWhole && version === '')) {
    yield { remark: 'this row names no image', line }
    return
  }
  for (const name of image.split(','))
    yield {
      name: `${name.trim()}${isWhole ? '' : version}`,
      ...(target === undefined || target === '-' ? {} : { target }),
      line,
    }
}

function headerOf(lines: readonly string[]): { content: string; index: number } | undefined {
  const index = lines.findIndex(line => line.trim() !== '')
  const content = lines[index]
  return content === undefined ? undefined : { content, index }
}

function separatorOf(header: string): string | undefined {
  return ['\t', ',', ';', '|'].find(separator => header.includes(separator))
}

function columnsOf(header: string): Column[] {
  const separator = separatorOf(header)
  if (separator !== undefined)
    return header
      .split(separator)
      .map((cell, index) => ({ name: unquote(cell).toLowerCase(), start: index, end: index + 1 }))
  // "IMAGE ID" is one column of Docker and crictl, and names no image.
  const words = [...header.matchAll(/IMAGE ID|\S+/g)]
  return words.map(({ 0: word, index }, at) => ({
    name: word.toLowerCase(),
    start: index,
    end: words[at + 1]?.index ?? Infinity,
  }))
}

function cellsOf(
  content: string,
  columns: readonly Column[],
  separator: string | undefined,
): [string, string][] {
  const cells = separator === undefined ? undefined : content.split(separator)
  return columns.map(({ name, start, end }) => [
    name,
    unquote(cells === undefined ? content.slice(start, end) : (cells[start] ?? '')),
  ])
}

function unquote(cell: string): string {
  return cell
    .trim()
    .replace(/^(["'`])(.*)\1$/, '$2')
    .trim()
}
