import { joinImage, joinImageMap, partsOf } from '../walk/split-name.ts'
import { isWhole, joinedItems, type ListItem } from './list-item.ts'
import { linesOf } from './text-list.ts'

/** A column of a table, and where it starts and ends in lines without separators. */
interface Column {
  /** in lower case */
  readonly name: string
  readonly start: number
  readonly end: number
}

/** The columns that name an image, the best first, and those that name its target. */
const NAMES = ['ref', 'image', 'images', 'reference', 'source', 'original', 'repository'] as const
const TARGETS = ['target', 'destination', 'dest', 'mirror'] as const
const READ: ReadonlySet<string> = new Set([...NAMES, ...TARGETS, 'registry', 'tag', 'version', 'digest'])

/** A column `name` may name anything, unless a column of tags says that it is an image. */
function nameColumns(columns: readonly string[]): readonly string[] {
  return columns.includes('tag') ? [...NAMES, 'name'] : NAMES
}

/** True for text whose first line names columns: `docker images`, `crictl images`, `ctr images ls`, `gpreg images`, CSV with a header. */
export function isTable(text: string): boolean {
  const header = headerOf(linesOf(text))?.content
  if (header === undefined) return false
  const names = columnsOf(header).map(({ name }) => name)
  const isNamed = nameColumns(names).some(name => names.includes(name))
  const isHeader =
    header === header.toUpperCase() ||
    (separatorOf(header) !== undefined && names.every(name => /^[a-z_ ]*$/.test(name)))
  return (
    isNamed && isHeader && /[A-Za-z]/.test(header) && (names.length > 1 || header === header.toUpperCase())
  )
}

/** Reads a table. Rows without an image, and those that do not fit its header, are told. */
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
  const texts = separator === undefined ? alignedCells(content, columns) : content.split(separator)
  if (texts === undefined) {
    yield { remark: 'the words of this row are not below those of the header, so it is left out', line }
    return
  }
  const cells = new Map(
    columns
      .map(({ name }, index) => [name, unquote(texts[index] ?? '')] as const)
      .filter(([, value]) => value !== '' && value !== '<none>'),
  )
  const names = columns.map(({ name }) => name)
  const [key, targetKey] = [nameColumns(names), TARGETS].map(keys => keys.find(name => cells.has(name)))
  const [image, target] = [key, targetKey].map(name => cells.get(name ?? ''))
  const parts = partsOf(cells)
  const isUntagged = names.includes('tag') && !parts.has('tag') && !parts.has('digest')
  if (key === undefined || image === undefined || (isUntagged && !isWhole(image))) {
    yield { remark: 'this row names no image', line }
    return
  }
  const rest = target === undefined || target === '-' ? {} : { target }
  const isSplit = key === 'repository' || key === 'name'
  const joined = isSplit ? joinImageMap(parts, {}, 'latest') : undefined
  if (joined !== undefined) yield* joinedItems(joined, line, rest)
  else for (const name of image.split(',')) yield* joinedItems(joinImage(key, name, parts, {}), line, rest)
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
    return header.split(separator).map(cell => ({ name: unquote(cell).toLowerCase(), start: 0, end: 0 }))
  // "IMAGE ID" is one column of Docker and crictl, and names no image.
  const words = [...header.matchAll(/IMAGE ID|\S+/g)]
  return words.map(({ 0: word, index }, at) => ({
    name: word.toLowerCase(),
    start: index,
    end: words[at + 1]?.index ?? Infinity,
  }))
}

/**
 * The cells of a row without separators. Tools that squeeze blanks, such as awk, move them away from their header: then every
 * word is a cell, if there is one for each column.
 */
function alignedCells(content: string, columns: readonly Column[]): readonly string[] | undefined {
  const isAligned = columns.every(
    ({ name, start, end }) =>
      !READ.has(name) ||
      (isEdge(content, start) && isEdge(content, end) && !/[^,\s]\s+\S/.test(content.slice(start, end))),
  )
  if (isAligned) return columns.map(({ start, end }) => content.slice(start, end))
  const words = content.trim().split(/\s+/)
  return words.length === columns.length ? words : undefined
}

/** True if no word of the row goes over the offset. */
function isEdge(content: string, offset: number): boolean {
  return offset === 0 || offset >= content.length || /\s/.test(content[offset - 1]!)
}

function unquote(cell: string): string {
  return cell
    .trim()
    .replace(/^(["'`])(.*)\1$/, '$2')
    .trim()
}
