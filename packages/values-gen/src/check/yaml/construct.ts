import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  visit,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'
import { unflatten } from './flatten.ts'
import { formatFloat } from './numbers.ts'
import { resolvePlain, resolveTagged, type Scalar } from './scalars.ts'

export interface Fault {
  readonly code: 'yaml-syntax' | 'duplicate-key'
  readonly message: string
  readonly hint?: string
  readonly offset: number
}

/** How the installer of a release takes `apiVersion` out of the file before it decodes the rest. */
export interface Loader {
  /** From 2022.08 on the key is deleted, and the rest is printed anew. Before, the text `apiVersion: v1` was cut out wherever it stood. */
  readonly deletesKey: boolean
}

/** Ends the reading, as the installer's parser ends at the first error of this kind. */
class Refusal extends Error {
  readonly fault: Fault
  constructor(node: Node, message: string, hint?: string) {
    super(message)
    const offset = node.range?.[0] ?? 0
    this.fault = { code: 'yaml-syntax', message, offset, ...(hint === undefined ? {} : { hint }) }
  }
}

/** Keys with their type, since the parser tells the number 1 from the text "1". */
type Entries = Map<string, readonly [key: string, value: unknown]>

type ScalarNode = Node & { readonly value: unknown; readonly type?: string }

/** An escaped half of a surrogate pair, or a number beyond Unicode. */
const BAD_ESCAPE = /(?<!\\)(?:\\\\)*\\(?:u[dD][89a-fA-F]|U0000[dD][89a-fA-F]|U(?!000|0010))/

/** From this number of nodes on the parser counts how many of them come from aliases. */
const MANY_NODES = 1000
const MANY_ALIASED = 100
const MOST_ALIASED = 0.99

/**
 * Makes plain data of a YAML document as the installer's parser does: YAML 1.1 with merge keys, where no key may be set twice.
 * https://github.com/go-yaml/yaml/blob/v2.4.0/decode.go
 */
export class Construction {
  readonly faults: Fault[] = []
  readonly #document: Document.Parsed
  readonly #text: string
  readonly #loader: Loader
  readonly #open = new Set<Alias>()
  readonly #deleted = new Set<Node>()
  /** Offsets and keys: a map that is merged in many places is told once. */
  readonly #twiceAt = new Set<string>()
  #nodes = 0
  #aliased = 0

  constructor(document: Document.Parsed, text: string, loader: Loader) {
    this.#document = document
    this.#text = text
    this.#loader = loader
  }

  /** The data of the document; undefined if the parser ends before it has them. */
  data(): unknown {
    const root = this.#document.contents
    try {
      if (root === null) return null
      if (this.#loader.deletesKey && isMap<Node, Node | null>(root)) this.#delete(root)
      return this.#value(root)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.faults.push(error.fault)
      return undefined
    }
  }

  /** Forgets the anchors in what is deleted. */
  #delete(root: YAMLMap<Node, Node | null>): void {
    for (const { key, value } of root.items.filter(isApiVersion)) {
      for (const part of [key, value])
        visit(part, { Node: (_, node) => void this.#deleted.add(node as Node) })
    }
  }

  #value(node: Node | null, inFlow = false): unknown {
    this.#count()
    if (node === null) return inFlow && this.#loader.deletesKey ? '' : null
    this.#checkAnchor(node)
    if (isAlias(node)) return this.#alias(node, target => this.#value(target))
    if (isMap<Node, Node | null>(node)) {
      const entries: Entries = new Map()
      this.#fill(entries, node, node === this.#document.contents)
      return Object.fromEntries(entries.values())
    }
    if (isSeq<Node>(node)) return node.items.map(item => this.#value(item, node.flow))
    return isScalar(node) ? this.#scalar(node, inFlow) : null
  }

  /** Printed anew, an empty value within braces or brackets becomes the empty text. */
  #scalar(node: ScalarNode, inFlow: boolean): Scalar {
    const value = this.#resolve(node, inFlow)
    if (typeof value === 'number' && !Number.isFinite(value) && !this.#deleted.has(node))
      throw new Refusal(
        node,
        'neither infinite numbers nor "not a number" can be read',
        'put what is meant in quotes',
      )
    return value
  }

  #resolve(node: ScalarNode, inFlow: boolean): Scalar {
    const text = String(node.value ?? '')
    if (node.type === 'QUOTE_DOUBLE' && BAD_ESCAPE.test(this.#text.slice(node.range?.[0], node.range?.[1])))
      throw new Refusal(node, 'an escape in it is no character', 'write the character itself')
    if (
      node.type === 'QUOTE_SINGLE' &&
      !/^'(?:[^']|'')*'$/.test(this.#text.slice(node.range?.[0], node.range?.[1]))
    )
      throw new Refusal(node, 'the quote is not closed in these lines')
    if (node.tag !== undefined && node.tag !== '!') {
      const value = resolveTagged(text, node.tag)
      if (value === undefined)
        throw new Refusal(node, `${JSON.stringify(text.slice(0, 60))} is none of what its tag says`)
      return value
    }
    if (node.type !== 'PLAIN') return unflatten(text)
    if (text === '' && inFlow && this.#loader.deletesKey) return ''
    return resolvePlain(text)
  }

  /** Names of anchors have letters, digits, underscores and hyphens only. */
  #checkAnchor(node: Node): void {
    const anchor = isAlias(node) ? node.source : (node as { readonly anchor?: string }).anchor
    if (anchor !== undefined && !/^[\w-]+$/.test(anchor))
      throw new Refusal(
        node,
        `${JSON.stringify(anchor)} cannot be the name of an anchor`,
        'put a text that begins with * or & in quotes',
      )
  }

  #alias<T>(node: Alias, read: (target: Node) => T): T {
    const target = node.resolve(this.#document)
    if (target === undefined || this.#deleted.has(target))
      throw new Refusal(node, `no anchor &${node.source} is before this alias`, 'write the value out')
    if (this.#open.has(node)) throw new Refusal(node, `the anchor &${node.source} contains itself`)
    this.#open.add(node)
    const result = read(target)
    this.#open.delete(node)
    return result
  }

  #fill(entries: Entries, map: YAMLMap<Node, Node | null>, isRoot = false): void {
    for (const pair of map.items) {
      if (this.#isCut(pair)) continue
      if (isMergeKey(pair.key)) {
        this.#merge(entries, pair.key, pair.value)
        continue
      }
      const [identity, key] = this.#key(pair.key)
      const value = this.#value(pair.value, map.flow)
      const exempt = isRoot && this.#loader.deletesKey && isApiVersion(pair)
      if (entries.has(identity) && !exempt) this.#twice(pair.key, key)
      else entries.set(identity, [key, value])
    }
  }

  #key(node: Node): readonly [identity: string, key: string] {
    const value = isScalar(node) ? this.#resolve(node, false) : this.#value(node)
    if (typeof value === 'object' || (typeof value === 'bigint' && value >= 2n ** 63n))
      throw new Refusal(
        node,
        value === null ? 'a key that is null' : 'a key that is no text',
        'put the key in quotes',
      )
    const key = typeof value === 'number' ? formatKey(value) : String(value)
    return [`${typeof value} ${key}`, key]
  }

  /** The installer's parser sets the merged fields like the others, and none twice. */
  #merge(entries: Entries, key: Node, value: Node | null): void {
    const target = isAlias(value) ? value.resolve(this.#document) : value
    const maps = isSeq<Node>(target) && target === value ? target.items.toReversed() : [value]
    for (const map of maps) {
      const part = this.#merged(key, map)
      for (const [identity, entry] of part) {
        if (entries.has(identity)) this.#twice(key, entry[0], 'a merged map (<<) sets this field, too')
        else entries.set(identity, entry)
      }
    }
  }

  /** Counts as much as a value that is not merged, so that merges of merges end where aliases of aliases do. */
  #merged(key: Node, map: Node | null): Entries {
    this.#count()
    if (isAlias(map)) return this.#alias(map, target => this.#merged(key, target))
    if (!isMap<Node, Node | null>(map)) throw new Refusal(key, 'only maps can be merged (<<)')
    const part: Entries = new Map()
    this.#fill(part, map)
    return part
  }

  #twice(node: Node, key: string, message = 'this field is there already'): void {
    const offset = node.range?.[0] ?? 0
    if (this.#twiceAt.has(`${offset} ${key}`)) return
    this.#twiceAt.add(`${offset} ${key}`)
    const hint = `leave one ${key} out: the installer refuses a field that is set twice`
    this.faults.push({ code: 'duplicate-key', message, hint, offset })
  }

  #isCut({ key }: Pair<Node, Node | null>): boolean {
    return !this.#loader.deletesKey && this.#text.startsWith('apiVersion: v1', key.range?.[0])
  }

  #count(): void {
    this.#nodes++
    if (this.#open.size > 0) this.#aliased++
    const many = this.#nodes > MANY_NODES && this.#aliased > MANY_ALIASED
    const root = this.#document.contents
    if (many && root !== null && this.#aliased / this.#nodes > MOST_ALIASED)
      throw new Refusal(root, 'nearly all of this file is made by aliases', 'write the values out')
  }
}

function isApiVersion({ key }: Pair<Node, Node | null>): boolean {
  return isScalar(key) && key.value === 'apiVersion'
}

function isMergeKey(key: Node): boolean {
  return (
    isScalar(key) && key.value === '<<' && (key.type === 'PLAIN' || key.tag === 'tag:yaml.org,2002:merge')
  )
}

function formatKey(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf'
  return Number.isInteger(value) ? String(value) : formatFloat(value)
}
