import { isCollection, isMap, isScalar, isSeq, visit, type Document, type Node, type Scalar } from 'yaml'

type Range = readonly [start: number, end: number]

/**
 * Finds the first tab that the installer's parser refuses. It takes tabs between the parts of a line, and within braces, brackets
 * and quotes, but not where an indentation could be.
 * https://github.com/go-yaml/yaml/blob/v2.4.0/scannerc.go
 */
export function findBadTab(text: string, document: Document.Parsed): number | undefined {
  if (!text.includes('\t')) return undefined
  const free: Range[] = []
  const bad: number[] = []
  visit(document, {
    Node(_, node, ancestors) {
      const [start, end] = (node as Node).range ?? [0, 0]
      if (isScalar(node)) {
        const gap = node.type === 'PLAIN' ? gapAfter(text, end) : ''
        free.push([start, end + gap.length])
        bad.push(...tabsIn(text, node, indentAround(text, ancestors as readonly Node[]), gap))
      } else if ((isMap(node) || isSeq(node)) && node.flow) free.push([start, end])
    },
  })
  const inGaps = [...indentationTabs(text)].filter(
    offset => !free.some(([start, end]) => start < offset && offset < end),
  )
  return [...bad, ...inGaps].sort((one, other) => one - other)[0]
}

/** Blanks and line breaks after a text: the parser reads them while it looks whether the text goes on. */
function gapAfter(text: string, end: number): string {
  const gap = /[ \t\r\n]*/y
  gap.lastIndex = end
  return gap.exec(text)?.[0] ?? ''
}

function tabsIn(text: string, node: Scalar, indent: number, gap: string): number[] {
  const [start, end] = node.range ?? [0, 0]
  if (node.type === 'PLAIN') return linesWithTab(text, start, end + gap.length, indent)
  return node.type?.startsWith('BLOCK') ? blockTabs(text, start, end) : []
}

/** Tabs in the first columns of the lines that a text goes on in. */
function linesWithTab(text: string, start: number, end: number, columns: number): number[] {
  const found: number[] = []
  for (const { index, 0: line } of text.slice(start, end).matchAll(/\n[ \t]*/g)) {
    const column = line.indexOf('\t') - 1
    if (column >= 0 && column < columns) found.push(start + index + 1 + column)
  }
  return found
}

/** Tabs in the indentation of a block (`|` or `>`), down to the first line after it. */
function blockTabs(text: string, start: number, end: number): number[] {
  const header = text.indexOf('\n', start) + 1
  const body = text.slice(header, end)
  const indent = /^ *\n*( *)[^ \n]/.exec(body)?.[1]?.length ?? 0
  const found: number[] = []
  let offset = header
  for (const line of `${body}${/.*/.exec(text.slice(end))?.[0] ?? ''}`.split('\n')) {
    const spaces = /^ */.exec(line)?.[0].length ?? 0
    if (line[spaces] === '\t' && (spaces < indent || indent === 0)) found.push(offset + spaces)
    offset += line.length + 1
  }
  return found
}

/** One more than the column of the nearest list or map that is not in braces or brackets. */
function indentAround(text: string, ancestors: readonly Node[]): number {
  const block = ancestors.findLast(node => isCollection(node) && !node.flow)
  if (block?.range == null) return 0
  const [start] = block.range
  return start - (text.lastIndexOf('\n', start - 1) + 1) + 1
}

/** Tabs before the first word of a line, and after the dash or question mark of an item. */
function* indentationTabs(text: string): Iterable<number> {
  for (const { index, 0: line } of text.matchAll(/^ *(?:[-?:] +)*(?:[-?] *)?\t/gm))
    yield index + line.length - 1
}
