import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type ParsedNode,
} from 'yaml'

/** The plain data of a YAML document, or why there is none. */
export type PlainValues =
  { readonly value: unknown } | { readonly fault: string; /** what is wrong */ readonly node: ParsedNode }

/**
 * Aliases and merges of a document stand for so many values at most. A few lines of aliases of aliases can stand for billions, and
 * Kubernetes refuses such files, too. People repeat some hundred maps a few hundred times.
 */
const MOST_REPEATED = 1_000_000

/**
 * Makes plain data of a document: the aliases of an anchor are one object, and `<<` merges maps, of which earlier ones win. Scalars
 * are what the schema of the document made of them.
 */
export function plainValues(document: Document.Parsed): PlainValues {
  try {
    return { value: new Construction().value(document.contents) }
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return { fault: thrown.message, node: thrown.node as ParsedNode }
  }
}

class Refusal extends Error {
  readonly node: Node

  constructor(node: Node, message: string) {
    super(message)
    this.node = node
  }
}

/** What an anchor stands for. `size` is the number of its values, and is not known inside of the anchor itself. */
interface Anchored {
  value?: unknown
  size?: number
}

type Entries = Map<string, unknown>

/** Goes through a document in its order, so that the anchor of an alias is the last one of its name so far. */
class Construction {
  readonly #anchors = new Map<string, Anchored>()
  #size = 0
  #repeated = 0

  value(node: unknown): unknown {
    this.#size += 1
    if (isAlias(node)) return this.#repeat(node).value
    if (isMap<Node, Node | null>(node)) return this.#anchored(node, () => this.#map(node.items))
    if (isSeq<Node>(node)) return this.#anchored(node, () => node.items.map(item => this.value(item)))
    return isScalar(node) ? this.#anchored(node, () => node.value) : null
  }

  #anchored(node: { readonly anchor?: string }, make: () => unknown): unknown {
    if (node.anchor === undefined) return make()
    const anchored: Anchored = {}
    this.#anchors.set(node.anchor, anchored)
    const before = this.#size
    anchored.value = make()
    anchored.size = this.#size - before + 1
    return anchored.value
  }

  #repeat(alias: Alias): Anchored {
    const anchored = this.#anchors.get(alias.source)
    if (anchored === undefined) throw new Refusal(alias, `*${alias.source} has no anchor above it`)
    if (anchored.size === undefined) throw new Refusal(alias, `the anchor &${alias.source} contains itself`)
    this.#size += anchored.size
    this.#repeated += anchored.size
    if (this.#repeated > MOST_REPEATED)
      throw new Refusal(alias, `its aliases (*) stand for more than ${MOST_REPEATED} values`)
    return anchored
  }

  #map(pairs: readonly Pair<Node, Node | null>[]): object {
    const entries: Entries = new Map()
    for (const { key, value } of pairs)
      if (isMergeKey(key)) this.#merge(entries, value)
      else entries.set(this.#key(key), this.value(value))
    return Object.fromEntries(entries)
  }

  #key(node: Node): string {
    const key = this.value(node)
    return key === null ? '' : typeof key === 'object' ? JSON.stringify(key) : String(key)
  }

  #merge(entries: Entries, node: Node | null): void {
    const maps = isSeq<Node>(node) ? node.items : [node]
    for (const map of maps) {
      const merged = this.value(map)
      if (typeof merged !== 'object' || merged === null || Array.isArray(merged))
        throw new Refusal(map ?? node!, 'only maps can be merged (<<)')
      for (const [key, value] of Object.entries(merged)) if (!entries.has(key)) entries.set(key, value)
    }
  }
}

function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.value === '<<'
}
