import { isAlias, isCollection, LineCounter, parseDocument, type ParsedNode } from 'yaml'
import { withoutByteOrderMarks } from '../byte-order-marks.ts'
import { plainValues } from '../plain-values.ts'
import { PLAIN_VALUES } from '../yaml-input.ts'

/** One document of a file. */
export interface ManifestDocument {
  /** What it holds, or why it cannot be read: it is no YAML, or none that Kubernetes reads. */
  readonly content: { readonly value: unknown } | { readonly broken: string; readonly isYaml: boolean }
  /** The line of the value that is reached by these steps, from 1; without steps the line where the content starts or breaks. */
  lineAt(steps?: readonly (string | number)[]): number
}

/** The documents of a text in YAML or JSON, without empty ones. */
export function readDocuments(written: string): ManifestDocument[] {
  const text = withoutByteOrderMarks(written)
  return (
    readJson(text) ??
    splitDocuments(text)
      .filter(({ text }) => hasContent(text))
      .map(readYaml)
  )
}

/** True if a document in YAML has more than comments and directives. */
export function hasContent(document: string): boolean {
  return HAS_CONTENT.test(document.replace(MARKER, ''))
}

/** A part of a file. */
interface Piece {
  readonly text: string
  /** from 1 */
  readonly line: number
}

const MARKER = /^(?:---|\.\.\.)(?=\s|$)/
/** A line that is more than a comment or a directive. */
const HAS_CONTENT = /^[^\S\n]*[^\s#%]/m

/**
 * Documents are parsed one by one, so that a broken one costs no other. At the start of a line, `---` is a marker everywhere in
 * YAML, also inside of quotes.
 */
function splitDocuments(text: string): Piece[] {
  const starts = [0, ...[...text.matchAll(new RegExp(MARKER, 'gm'))].map(({ index }) => index)]
  let line = 1
  return starts.map((start, index) => {
    const piece = { text: text.slice(start, starts[index + 1]), line }
    line += piece.text.split('\n').length - 1
    return piece
  })
}

/** JSON is YAML, too, but is read much faster as what it is. Several objects may follow each other, as `jq` prints them. */
function readJson(text: string): ManifestDocument[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    let line = 1
    return text.split(/(?<=\}[ \t\r]*\n)(?=[ \t\r\n]*\{)/).map(part => {
      const document = {
        content: { value: JSON.parse(part) as unknown },
        lineAt: linesOf({ text: part, line }),
      }
      line += part.split('\n').length - 1
      return document
    })
  } catch {
    return undefined
  }
}

/** The key and value at the root of a document in block style. A definition names no image, and often has thousands of lines. */
const DEFINITION = /^kind: *["']?CustomResourceDefinition["']?\s*$/m

function readYaml(piece: Piece): ManifestDocument {
  const lineAt = linesOf(piece)
  if (DEFINITION.test(piece.text))
    return {
      content: { value: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } },
      lineAt,
    }
  try {
    const document = parseDocument(piece.text, PLAIN_VALUES)
    const [error] = document.errors
    // The first line of the parser's message is the reason. An excerpt of the source follows.
    if (error !== undefined) return broken(error.message.replace(/(?: at line|\n).*/s, ''), error.pos[0])
    const plain = plainValues(document)
    return 'value' in plain ? { content: plain, lineAt } : broken(plain.fault, plain.node.range[0], true)
  } catch {
    // e.g. nesting so deep that the parser runs out of stack
    return broken('it cannot be parsed', 0)
  }

  function broken(reason: string, offset: number, isYaml = false): ManifestDocument {
    const line = piece.line + piece.text.slice(0, offset).split('\n').length - 1
    return { content: { broken: reason, isYaml }, lineAt: () => line }
  }
}

/** Parses the piece once more, with positions, when the first line is asked for: most files never need one. */
function linesOf({ text, line }: Piece): ManifestDocument['lineAt'] {
  let parsed: { readonly contents: ParsedNode | null; readonly lines: LineCounter } | undefined
  return (steps = []) => {
    if (parsed === undefined) {
      const lines = new LineCounter()
      parsed = { contents: parseDocument(text, { ...PLAIN_VALUES, lineCounter: lines }).contents, lines }
    }
    let node: unknown = parsed.contents
    let found = parsed.contents
    for (const step of steps) {
      node = isCollection(node) ? node.get(step, true) : undefined
      if (node === undefined || node === null || isAlias(node)) break
      found = node as ParsedNode
    }
    return line - 1 + (found?.range ? parsed.lines.linePos(found.range[0]).line : 1)
  }
}
