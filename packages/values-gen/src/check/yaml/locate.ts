import { isAlias, isMap, isPair, isScalar, isSeq, visit, type Document, type Node } from 'yaml'
import type { Path } from '../path.ts'

/** The nodes of a field in a YAML document. An item of a list has no key: `key` and `value` are then both the item. */
export interface Located {
  readonly key?: Node
  readonly value?: Node
  /** The number of parts of the path that exist in the document. */
  readonly depth: number
}

/** The node at a path, or its nearest ancestor that exists. */
export function locate(document: Document | undefined, path: Path): Located {
  const root = document?.contents
  let here: Located = root ? { value: root, depth: 0 } : { depth: 0 }
  for (const part of path) {
    const next = child(document, here.value, part)
    if (next === undefined) break
    here = { ...next, depth: here.depth + 1 }
  }
  return here
}

function child(document: Document | undefined, node: Node | undefined, part: string | number) {
  const here = isAlias(node) && document ? node.resolve(document) : node
  if (isSeq<Node>(here)) {
    const item = here.items[Number(part)]
    return item && { key: item, value: item }
  }
  return isMap<Node, Node | null>(here) ? field(document, here.items, String(part)) : undefined
}

type Pairs = readonly { readonly key: Node; readonly value: Node | null }[]

/** Finds a key as the installer does: first in the right case, then in any case, also in merged maps (`<<`). */
function field(
  document: Document | undefined,
  pairs: Pairs,
  name: string,
): Omit<Located, 'depth'> | undefined {
  const find = (same: (key: string) => boolean) =>
    pairs.find(({ key }) => isScalar(key) && same(String(key.value)))
  const pair = find(key => key === name) ?? find(key => key.toLowerCase() === name.toLowerCase())
  if (pair !== undefined) return { key: pair.key, ...(pair.value ? { value: pair.value } : {}) }
  const merged = find(key => key === '<<')?.value
  return merged ? child(document, merged, name) : undefined
}

/** The path of the field with the key that starts at an offset. */
export function pathAt(document: Document, offset: number): Path {
  let path: Path = []
  visit(document, {
    Pair(_, pair, ancestors) {
      if ((pair.key as Node | null)?.range?.[0] !== offset) return undefined
      path = [...ancestors, pair].flatMap<string | number>((node, index, nodes) => {
        if (isPair(node)) return [String(isScalar(node.key) ? node.key.value : node.key)]
        return isSeq(node) ? [node.items.indexOf(nodes[index + 1])] : []
      })
      return visit.BREAK
    },
  })
  return path
}

/** The offset of the opening quote or bracket that is still unclosed at the given offset; undefined if there is none. */
export function openedAt(document: Document, offset: number): number | undefined {
  let start: number | undefined
  visit(document, {
    Node(_, node) {
      const opens = isScalar(node) ? node.type?.startsWith('QUOTE') : 'flow' in node && node.flow
      if (opens && node.range?.[1] === offset) start = node.range[0]
    },
  })
  return start
}
