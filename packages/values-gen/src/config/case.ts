import { isMap, isScalar, type Document } from 'yaml'

/** A path of keys in a YAML document. */
export type KeyPath = readonly string[]

/**
 * Spells a path as a document does, because the installer reads keys in any case of letters. Keys that the document lacks stay as
 * they are. A key in the same case comes before the others.
 */
export function spelledIn(document: Document, path: KeyPath): KeyPath {
  const spelled: string[] = []
  for (const part of path) {
    const map = spelled.length === 0 ? document.contents : document.getIn(spelled, true)
    const keys = isMap(map) ? map.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : []
    const other = keys.find(key => key.toLowerCase() === part.toLowerCase())
    spelled.push(keys.includes(part) ? part : (other ?? part))
  }
  return spelled
}
