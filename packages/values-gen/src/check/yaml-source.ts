import { LineCounter, parseAllDocuments, type Document, type ScalarTag, type YAMLParseError } from 'yaml'
import { locate, openedAt, pathAt } from './locate.ts'
import { toPath, type Path } from './path.ts'

/** A position in the text. Lines and columns are counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface SourceError {
  readonly code: 'yaml-syntax' | 'duplicate-key'
  readonly message: string
  readonly path: Path
  readonly position: Position
}

/**
 * YAML types that are switched off, because the installer's parser reads base-60 numbers and dates as text.
 * https://github.com/go-yaml/yaml/blob/v2.4.0/resolve.go
 */
const NOT_IN_GO = /^TIME$|:timestamp$/

/** Error codes that the `yaml` package gives for an unclosed quote or bracket, and for other mistakes too. */
const UNCLOSED: ReadonlySet<string> = new Set(['MISSING_CHAR', 'BAD_INDENT'])

/** A YAML text as the installer's parser understands it: YAML 1.1, in which `yes` and `on` are true. */
export class YamlSource {
  readonly #text: string
  readonly #opened = new Map<number, number | undefined>()
  readonly #lines = new LineCounter()
  readonly #documents: readonly Document.Parsed[]
  /** Plain data of the first document: the installer reads no other. */
  readonly data: unknown
  readonly errors: readonly SourceError[]

  constructor(text: string) {
    this.#text = text
    const failures: SourceError[] = []
    const attempt = <T>(work: () => T): T | undefined => {
      try {
        return work()
      } catch (error) {
        failures.push(this.#error('yaml-syntax', error as Error, 0))
        return undefined
      }
    }
    // Nesting can be so deep that the parser runs out of stack.
    this.#documents = attempt(() => this.#parse()) ?? []
    // `toJS` throws if an alias has no anchor, or if nested aliases expand to too much data.
    this.data = attempt(() => this.#root?.toJS())
    this.errors = [...(this.#root?.errors ?? []).map(error => this.#parseError(error)), ...failures]
  }

  /** The position of the second YAML document, if there is one. */
  get secondDocument(): Position | undefined {
    const second = this.#documents[1]
    return second && this.#position(second.contents?.range[0] ?? second.range[0])
  }

  /** The position of a value; for a map, a list or null that of its key; for a missing value that of its parent. */
  position(path: string | Path, onKey = false): Position {
    const { key, value } = locate(this.#root, toPath(path))
    const [start, end] = value?.range ?? [0, 0]
    const node =
      !onKey && value !== undefined && !('items' in value) && start !== end ? value : (key ?? value)
    return this.#position(node?.range?.[0] ?? 0)
  }

  /** The text from a key to the end of its value. */
  written(path: string | Path): string | undefined {
    const { key, value, depth } = locate(this.#root, toPath(path))
    if (key === undefined || depth < toPath(path).length) return undefined
    return this.#text.slice(key.range![0], (value ?? key).range![1])
  }

  get #root(): Document.Parsed | undefined {
    return this.#documents[0]
  }

  #parse(): readonly Document.Parsed[] {
    const documents = parseAllDocuments(this.#text, {
      version: '1.1',
      customTags: tags =>
        tags.filter(tag => typeof tag === 'string' || !NOT_IN_GO.test((tag as ScalarTag).format ?? tag.tag)),
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: 'error',
    })
    return 'empty' in documents ? [] : documents
  }

  /** An unclosed quote or bracket is reported at its start, although the parser notices it later. */
  #parseError(error: YAMLParseError): SourceError {
    const offset = error.pos[0]
    if (error.code === 'DUPLICATE_KEY') {
      return { ...this.#error('duplicate-key', error, offset), path: pathAt(this.#root!, offset) }
    }
    const open = UNCLOSED.has(error.code) ? this.#openedAt(offset) : undefined
    return this.#error('yaml-syntax', error, open ?? offset)
  }

  /** Searches the document once for each offset, because a deeply nested text has hundreds of errors at one offset. */
  #openedAt(offset: number): number | undefined {
    if (this.#root !== undefined && !this.#opened.has(offset))
      this.#opened.set(offset, openedAt(this.#root, offset))
    return this.#opened.get(offset)
  }

  #error(code: SourceError['code'], { message }: Error, offset: number): SourceError {
    return { code, message, path: [], position: this.#position(offset) }
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset)
    return line === 0 ? { line: 1, column: 1 } : { line, column: col }
  }
}
