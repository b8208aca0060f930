import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  visit,
  type Alias,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { invalidInput } from '../../../input.ts'
import { parseYaml } from '../yaml-input.ts'
import type { Span } from '../mention.ts'

/** A text in a YAML document. */
export interface YamlText {
  readonly text: string
  /** from 1 */
  readonly line: number
  /** Where the text stands, if it is written as it is. */
  readonly span?: Span
  /** The text stands without quotes, so what replaces it may need some. */
  readonly isPlain: boolean
}

/** More maps than people merge into one, and more merges than they write in a file: bounds of depth and time. */
const MAX_MERGED_MAPS = 1000
const MAX_MERGES = 1_000_000

/** Plain scalars that are no text in YAML: null, booleans, numbers. https://yaml.org/spec/1.2.2/#1032-tag-resolution */
const NULL = /^(?:null|Null|NULL|~|)$/
const OTHER =
  /^(?:true|True|TRUE|false|False|FALSE|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0[ox][0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

/** A YAML document as programs read it: aliases stand for their anchors, and `<<` merges maps. */
export class YamlView {
  readonly path: string
  readonly root: ParsedNode | undefined
  readonly lineOf: (node: ParsedNode) => number
  readonly #source: string
  readonly #anchored = new Map<Alias, ParsedNode>()
  readonly #indexes = new WeakMap<YAMLMap, ReadonlyMap<string, ParsedNode>>()
  #merges = 0

  /** @throws `input-invalid` if the text is no YAML, or has several documents */
  constructor(source: string, path: string) {
    const { documents, lineOf } = parseYaml(source, path)
    const [document, second] = documents
    this.path = path
    this.#source = source
    this.lineOf = lineOf
    if (second?.contents)
      throw this.invalid(second.contents, 'a second document', 'only one document is read from this file')
    if (!document?.contents) return
    this.#readAnchors(document.contents)
    this.root = this.resolve(document.contents)
  }

  /** The node that an alias stands for. @throws `input-invalid` if its anchor is missing */
  resolve(node: ParsedNode): ParsedNode {
    if (!isAlias(node)) return node
    const anchored = this.#anchored.get(node)
    if (anchored !== undefined) return anchored
    throw this.invalid(
      node,
      `*${node.source} has no anchor above it`,
      `write &${node.source} where it is meant`,
    )
  }

  /** The value of a key. @throws `input-invalid` if the key stands twice */
  get(map: ParsedNode | undefined, key: string): ParsedNode | undefined {
    return this.#maps(map)
      .map(index => index.get(key))
      .find(value => value !== undefined)
  }

  /** The keys and values of a map; none if the node is no map. */
  entries(map: ParsedNode | undefined): [string, ParsedNode][] {
    const merged = new Map(
      this.#maps(map)
        .toReversed()
        .flatMap(index => [...index]),
    )
    merged.delete('<<')
    return [...merged]
  }

  items(node: ParsedNode | undefined): ParsedNode[] {
    return isSeq(node) ? node.items.map(item => this.resolve(item as ParsedNode)) : []
  }

  /** A text; undefined if the node is something else. */
  text(node: ParsedNode | undefined): YamlText | undefined {
    if (!isScalar(node)) return undefined
    const text = String(node.value ?? '')
    const isPlain = node.type === 'PLAIN'
    if (isPlain && (NULL.test(text) || OTHER.test(text))) return undefined
    const span = this.#spanOf(node, text)
    return { text, line: this.lineOf(node), isPlain, ...(span === undefined ? {} : { span }) }
  }

  /** A scalar as text, numbers as they are written; undefined if the node is something else or null. */
  scalar(node: ParsedNode | undefined): string | undefined {
    return isScalar(node) && !this.isNothing(node) ? String(node.value ?? '') : undefined
  }

  isNothing(node: ParsedNode | undefined): boolean {
    return (
      node === undefined || (isScalar(node) && node.type === 'PLAIN' && NULL.test(String(node.value ?? '')))
    )
  }

  /** The words for the type of a node, for messages. */
  typeOf(node: ParsedNode): string {
    if (isMap(node)) return 'a map'
    if (isSeq(node)) return 'a list'
    return this.text(node) === undefined ? `no text: ${String((node as Scalar).value)}` : 'a text'
  }

  invalid(node: ParsedNode | undefined, why: string, hint: string) {
    return invalidInput(this.path, node === undefined ? undefined : this.lineOf(node), why, hint)
  }

  /** Finds the anchor of every alias in one pass: the last one of its name above it. */
  #readAnchors(contents: ParsedNode): void {
    const byName = new Map<string, ParsedNode>()
    try {
      visit(contents, {
        Node: (_, node) => {
          if ('anchor' in node && node.anchor !== undefined) byName.set(node.anchor, node as ParsedNode)
        },
        Alias: (_, alias) => {
          const anchored = byName.get(alias.source)
          if (anchored !== undefined) this.#anchored.set(alias, anchored)
        },
      })
    } catch (cause) {
      throw invalidInput(this.path, undefined, 'nested too deeply', 'check the file', cause)
    }
  }

  /** The keys of a map, then of the maps that it merges; earlier ones win. A map is merged once, however often it is named. */
  #maps(node: ParsedNode | undefined, seen = new Set<ParsedNode>()): ReadonlyMap<string, ParsedNode>[] {
    if (!isMap(node) || seen.has(node)) return []
    seen.add(node)
    this.#merges += 1
    if (seen.size > MAX_MERGED_MAPS || this.#merges > MAX_MERGES)
      throw this.invalid(node, 'too many merges', 'write the values out')
    const index = this.#indexes.get(node) ?? this.#index(node)
    const merged = index.get('<<')
    const maps = isSeq(merged) ? this.items(merged) : merged === undefined ? [] : [merged]
    return [index, ...maps.flatMap(map => this.#maps(map, seen))]
  }

  #index(map: YAMLMap): ReadonlyMap<string, ParsedNode> {
    const index = new Map<string, ParsedNode>()
    for (const { key, value } of map.items as { key: ParsedNode; value: ParsedNode | null }[]) {
      const name = this.resolve(key)
      if (!isScalar(name)) continue
      const text = String(name.value ?? '')
      if (index.has(text)) throw this.invalid(name, `${text} stands twice`, 'leave one of them out')
      if (value !== null) index.set(text, this.resolve(value))
    }
    this.#indexes.set(map, index)
    return index
  }

  #spanOf(node: Scalar, text: string): Span | undefined {
    const [start, end] = node.range ?? [0, 0]
    const written = this.#source.slice(start, end)
    if (node.type === 'PLAIN' && written === text) return { start, end }
    const isQuoted = node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE'
    return isQuoted && written.slice(1, -1) === text ? { start: start + 1, end: end - 1 } : undefined
  }
}
