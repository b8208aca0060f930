import { isAlias, isMap, isScalar, isSeq, type Document, type ParsedNode } from 'yaml'
import { textAt, type YamlInput } from '../../yaml-input.ts'

/** Aliases of aliases and merge keys of merge keys are followed so far; a document may have them in circles. */
const MAX_STEPS = 20

/** A place in a YAML document, read without errors: what is not there is empty. Aliases and merge keys are resolved. */
export class DocumentView {
  readonly #node: unknown
  readonly #document: Document.Parsed
  readonly #input: YamlInput
  /** The line on which the node starts, or the line of what it should be in. From 1. */
  readonly line: number

  constructor(node: unknown, document: Document.Parsed, input: YamlInput, lineAbove = 1) {
    this.#node = resolveAlias(node, document)
    this.#document = document
    this.#input = input
    const here = (node ?? undefined) as ParsedNode | undefined
    this.line = here?.range === undefined ? lineAbove : input.lineOf(here)
  }

  /** The trimmed text of a scalar; undefined if it is empty or null. */
  get text(): string | undefined {
    return textAt(this.#node, [])?.text
  }

  get isMap(): boolean {
    return isMap(this.#node)
  }

  get isList(): boolean {
    return isSeq(this.#node)
  }

  /** The entries of a list; none if this is no list. */
  get items(): DocumentView[] {
    return isSeq(this.#node) ? this.#node.items.map(item => this.#below(item)) : []
  }

  /** The keys of a map with their values, without merged ones. */
  get entries(): { readonly key: string; readonly value: DocumentView; readonly line: number }[] {
    if (!isMap(this.#node)) return []
    return this.#node.items.flatMap(({ key, value }) =>
      isScalar(key)
        ? [{ key: String(key.value), value: this.#below(value), line: this.#input.lineOf(key as ParsedNode) }]
        : [],
    )
  }

  get keys(): string[] {
    return this.entries.map(({ key }) => key)
  }

  /** The texts of a map by their keys, with those of merged maps. */
  get texts(): ReadonlyMap<string, string> {
    return this.#texts(MAX_STEPS)
  }

  /** The value at a path of keys. */
  at(...keys: readonly string[]): DocumentView {
    return keys.reduce<DocumentView>(
      (view, key) => view.#value(key, MAX_STEPS) ?? this.#below(undefined),
      this,
    )
  }

  #texts(steps: number): Map<string, string> {
    const merged = steps === 0 ? [] : this.#merged.flatMap(map => [...map.#texts(steps - 1)])
    // What stands first counts, so it is set last. A key of the map itself counts before all, also without a value.
    const texts = new Map(merged.toReversed())
    for (const { key, value } of this.entries)
      if (value.text === undefined) texts.delete(key)
      else texts.set(key, value.text)
    return texts
  }

  get #merged(): DocumentView[] {
    const merged = this.entries.find(entry => entry.key === '<<')?.value
    return merged === undefined ? [] : merged.isList ? merged.items : [merged]
  }

  #value(key: string, steps: number): DocumentView | undefined {
    const own = this.entries.find(entry => entry.key === key)?.value
    if (own !== undefined || steps === 0) return own
    for (const map of this.#merged) {
      const value = map.#value(key, steps - 1)
      if (value !== undefined) return value
    }
    return undefined
  }

  #below(node: unknown): DocumentView {
    return new DocumentView(node, this.#document, this.#input, this.line)
  }
}

function resolveAlias(node: unknown, document: Document.Parsed): unknown {
  let here = node
  for (let steps = 0; isAlias(here) && steps < MAX_STEPS; steps++) here = here.resolve(document)
  return here
}
