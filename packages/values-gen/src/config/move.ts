import { MOVED_FIELDS } from '@gpreg/core'
import { isMap, isScalar, isSeq, type Document, type Pair } from 'yaml'
import { spelledIn, type KeyPath } from './case.ts'

/**
 * Moves every field of a document that has another place in a release to that place, with the comment above it, because the
 * installer refuses a file that sets both places, and older installers refuse the new one. A value that is there already stays;
 * entries of a list are added to it.
 * @param release such as `2022.11.3`
 * @returns true if something moved
 */
export function moveFields(document: Document, release: string): boolean {
  const moves = MOVED_FIELDS.map(({ from, to, since }) =>
    release < since ? ([to, from] as const) : ([from, to] as const),
  )
  return moves.filter(([from, to]) => moveField(document, from.split('.'), to.split('.'))).length > 0
}

function moveField(document: Document, from: KeyPath, to: KeyPath): boolean {
  const source = spelledIn(document, from)
  const pair = pairAt(document, source)
  if (pair === undefined) return false
  const comments = removeField(document, source)
  if (isEmpty(pair.value)) return true
  const goal = spelledIn(document, to)
  const there = document.getIn(goal, true)
  if (isSeq(there) && isSeq(pair.value)) {
    const known = JSON.stringify(there.toJS(document))
    for (const item of pair.value.items)
      if (!known.includes(JSON.stringify(isScalar(item) ? item.value : item))) there.add(item)
  } else if (isEmpty(there)) {
    makeMaps(document, goal.slice(0, -1))
    document.setIn(goal, pair.value)
    const key = document.createNode(goal.at(-1))
    if (comments.length > 0) Object.assign(key, { commentBefore: comments.join('\n') })
    pairAt(document, goal)!.key = key
  }
  return true
}

/** Makes each part of a path a map. A key without a value, such as `containerRegistry:`, is null, and no field can be set in null. */
export function makeMaps(document: Document, path: KeyPath): void {
  for (let length = 1; length <= path.length; length++) {
    const here = path.slice(0, length)
    if (!isMap(document.getIn(here, true))) document.setIn(here, document.createNode({}))
  }
}

/**
 * Removes a field, and the maps above it that are empty then.
 * @returns the comments above what was removed, from the outside in
 */
function removeField(document: Document, path: KeyPath): string[] {
  const comments: string[] = []
  for (let length = path.length; length > 0; length--) {
    const here = path.slice(0, length)
    const pair = pairAt(document, here)
    if (length < path.length && !(isMap(pair?.value) && pair.value.items.length === 0)) break
    comments.unshift(...commentsOf(pair))
    document.deleteIn(here)
  }
  return comments
}

/** The comment above the key; the parser keeps the one above the first key of a map with the map. */
function commentsOf(pair: Pair | undefined): string[] {
  const above = isScalar(pair?.key) ? pair.key.commentBefore : undefined
  const inside = isMap(pair?.value) ? pair.value.commentBefore : undefined
  return [above, inside].filter(comment => typeof comment === 'string')
}

/** The key and the value at a path; undefined if the document has none there. */
export function pairAt(document: Document, path: KeyPath): Pair | undefined {
  const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(map)) return undefined
  return map.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1))
}

function isEmpty(node: unknown): boolean {
  if (isScalar(node)) return node.value === null || node.value === ''
  return node === undefined || node === null || (isSeq(node) && node.items.length === 0)
}
