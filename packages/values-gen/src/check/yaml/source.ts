import { LineCounter, parseAllDocuments, type Document, type YAMLParseError } from 'yaml'
import { toPath, type Path } from '../path.ts'
import { readCharacters } from './characters.ts'
import { Construction, type Fault, type Loader } from './construct.ts'
import { directiveFault, isPrintedInBraces, joinDocuments, type Part } from './documents.ts'
import { flatten } from './flatten.ts'
import { locate, openedAt, pathAt } from './locate.ts'
import { findBadTab } from './tabs.ts'

/** A position in the text. Lines and columns are counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface SourceError extends Omit<Fault, 'offset'> {
  readonly path: Path
  readonly position: Position
}

const NEWEST: Loader = { deletesKey: true }

/** Error codes that the `yaml` package gives for an unclosed quote or bracket, and for other mistakes too. */
const UNCLOSED: ReadonlySet<string> = new Set(['MISSING_CHAR', 'BAD_INDENT'])

/** So many quotes and braces may go on with less indentation. */
const MOST_FLATTENED = 50

function parseDocuments(text: string): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, {
    version: '1.1',
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  return 'empty' in documents ? [] : documents
}

/** The start of the first quote or brace that the `yaml` package takes for unclosed. */
function firstOpened(documents: readonly Document.Parsed[]): number | undefined {
  for (const document of documents) {
    const error = document.errors.find(({ code }) => UNCLOSED.has(code))
    const opened = error && openedAt(document, error.pos[0])
    if (opened !== undefined) return opened
  }
  return undefined
}

/** A YAML file as the installer's parser understands it: YAML 1.1, in which `yes` and `on` are true. */
export class YamlSource {
  readonly text: string
  readonly #opened = new Map<number, number | undefined>()
  readonly #lines = new LineCounter()
  readonly #documents: readonly Document.Parsed[]
  /** The documents that the installer reads. */
  readonly #read: readonly Document.Parsed[]
  /** Plain data of what the installer reads: one document, or several that it joins. */
  readonly data: unknown
  readonly errors: readonly SourceError[]

  constructor(file: string | Uint8Array, loader = NEWEST) {
    const { text, bad } = readCharacters(file)
    this.text = text
    const faults: Fault[] = bad === undefined ? [] : [{ code: 'yaml-syntax', ...bad }]
    const attempt = <T>(work: () => T): T | undefined => {
      try {
        return work()
      } catch (error) {
        faults.push({ code: 'yaml-syntax', message: (error as Error).message, offset: 0 })
        return undefined
      }
    }
    // Nesting can be so deep that the parser runs out of stack.
    this.#documents = attempt(() => this.#parse()) ?? []
    this.#read = loader.deletesKey ? this.#documents : this.#documents.slice(0, 1)
    if (faults.length === 0) faults.push(...this.#syntaxFaults())
    this.data = attempt(() => this.#construct(loader, faults))
    this.errors = faults.map(fault => this.#error(fault))
  }

  /** The position of the second YAML document, if there is one. */
  get secondDocument(): Position | undefined {
    const second = this.#documents[1]
    return second && this.#position(second.contents?.range[0] ?? second.range[0])
  }

  /** The position of a value; for a map, a list or null that of its key; for a missing value that of its parent. */
  position(path: string | Path, onKey = false): Position {
    const { key, value } = this.#locate(toPath(path))
    const [start, end] = value?.range ?? [0, 0]
    const node =
      !onKey && value !== undefined && !('items' in value) && start !== end ? value : (key ?? value)
    return this.#position(node?.range?.[0] ?? 0)
  }

  /** The text from a key to the end of its value. */
  written(path: string | Path): string | undefined {
    const { key, value, depth } = this.#locate(toPath(path))
    const [from, to] = [key?.range?.[0], (value ?? key)?.range?.[1]]
    return depth < toPath(path).length ? undefined : this.text.slice(from, to)
  }

  /** The place in the document that gets furthest along the path. */
  #locate(path: Path) {
    const [first, ...others] = this.#read.map(document => locate(document, path))
    return others.reduce(
      (best, one) => (one.depth > best.depth ? one : best),
      first ?? locate(undefined, path),
    )
  }

  #parse(): readonly Document.Parsed[] {
    this.#lines.addNewLine(0)
    for (const { index } of this.text.matchAll(/\n/g)) this.#lines.addNewLine(index + 1)
    let text = this.text
    for (let turn = 0; ; turn++) {
      const documents = parseDocuments(text)
      const opened = turn < MOST_FLATTENED ? firstOpened(documents) : undefined
      const flat = opened === undefined ? undefined : flatten(text, opened)
      if (flat === undefined) return documents
      text = flat
    }
  }

  #syntaxFaults(): Fault[] {
    return this.#read.flatMap((document, index) => {
      const errors = document.errors.filter(error => !this.#isTaken(error))
      const faults = errors.map(({ code, message, pos: [offset] }): Fault => {
        const open = UNCLOSED.has(code) ? this.#openedAt(document, offset) : undefined
        return { code: 'yaml-syntax', message, offset: open ?? offset }
      })
      const directive = directiveFault(this.text, document, this.#read[index - 1])
      const tab = errors.length > 0 ? undefined : findBadTab(this.text, document)
      return [
        ...faults,
        ...(directive === undefined ? [] : [directive]),
        ...(tab === undefined
          ? []
          : [
              {
                code: 'yaml-syntax',
                message: 'a tab stands where an indentation may be',
                offset: tab,
              } as const,
            ]),
      ]
    })
  }

  /** The installer's parser takes a comment right after a quote or bracket. */
  #isTaken({ code, pos: [offset] }: YAMLParseError): boolean {
    return code === 'MISSING_CHAR' && this.text[offset] === '#'
  }

  #construct(loader: Loader, faults: Fault[]): unknown {
    if (faults.length > 0) return undefined
    const parts: Part[] = []
    for (const document of this.#read) {
      const construction = new Construction(document, this.text, loader)
      const part = { document, data: construction.data() }
      faults.push(...construction.faults)
      parts.push(part)
      if (isPrintedInBraces(part)) break
    }
    const { data, fault } = joinDocuments(parts)
    if (fault !== undefined) faults.push(fault)
    return data
  }

  /** Searches a document once for each offset, because a deeply nested text has hundreds of errors at one offset. */
  #openedAt(document: Document.Parsed, offset: number): number | undefined {
    if (!this.#opened.has(offset)) this.#opened.set(offset, openedAt(document, offset))
    return this.#opened.get(offset)
  }

  /** The path is searched for keys only: a deeply nested text has thousands of other faults. */
  #error({ offset, ...fault }: Fault): SourceError {
    const paths = fault.code === 'yaml-syntax' ? [] : this.#read.map(document => pathAt(document, offset))
    return { ...fault, path: paths.find(path => path.length > 0) ?? [], position: this.#position(offset) }
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset)
    return line === 0 ? { line: 1, column: 1 } : { line, column: col }
  }
}
