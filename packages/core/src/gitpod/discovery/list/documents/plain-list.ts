import { tryParseReference } from '@gpreg/oci/engine'
import { isWhole, type ListItem } from '../list-item.ts'
import { withoutTransport } from '../transport.ts'
import { namesWhole, readEntries, readEntry, unreadKeys } from './entry.ts'
import type { ListFormat } from './list-format.ts'
import type { DocumentView } from './document-view.ts'

/** Keys of a list in a map that has no other marks. `gpreg images --json` and crictl write `images`. */
const LISTS = ['images', 'additionalImages', 'containerImages', 'imageList'] as const

/** A list of names or of objects, also below a key such as `images`, and a map of names to their targets. */
export const plainList: ListFormat = {
  matches: root =>
    root.isList || listKeys(root).length > 0 || isEntry(root) || isMapping(root) || isNamedImages(root),
  *read(root, path) {
    const lists = listKeys(root)
    if (root.isList) yield* readEntries(root, path)
    else if (lists.length > 0) {
      for (const key of lists) yield* readEntries(root.at(key), path, true)
      yield* unreadKeys(root, [...lists, 'excluded'])
    } else if (isEntry(root)) {
      yield* readEntry(root, path)
      yield* unreadKeys(root, ['image', 'Image', 'repoTags', 'RepoTags', 'labels', 'Labels'])
    } else if (isMapping(root)) yield* readMapping(root)
    else
      for (const entry of root.entries.flatMap(({ value }) => leavesOf(value))) yield* readEntry(entry, path)
  },
}

function* readMapping(root: DocumentView): Generator<ListItem> {
  for (const { key, value, line } of root.entries)
    for (const { text } of leavesOf(value))
      yield { name: key, ...(text === undefined ? {} : { target: text }), line }
}

/** True for an object of JSON in lines, e.g. of `docker images --format json`. */
function isEntry(root: DocumentView): boolean {
  const isSplit =
    root.keys.some(key => /^repository$/i.test(key)) && root.keys.some(key => /^tag$/i.test(key))
  return isSplit || namesWhole(root)
}

function listKeys(root: DocumentView): string[] {
  return LISTS.filter(key => root.at(key).isList || (key === 'images' && root.at(key).isMap))
}

/** True for a map of names to their targets. */
function isMapping(root: DocumentView): boolean {
  return isMapOf(
    root,
    ({ key, value }) => isWhole(key) && isNamed(key) && leavesOf(value).every(({ text }) => isNamed(text)),
  )
}

/** True for a map whose values all are images of a registry, or lists of images: the images of each part of an application. */
function isNamedImages(root: DocumentView): boolean {
  return isMapOf(root, ({ value }) =>
    leavesOf(value).every(
      ({ text }) =>
        text !== undefined && isNamed(text) && isWhole(text) && (value.isList || text.includes('/')),
    ),
  )
}

function isMapOf(root: DocumentView, holds: (entry: DocumentView['entries'][number]) => boolean): boolean {
  return root.entries.length > 0 && root.entries.every(holds)
}

function leavesOf(value: DocumentView): DocumentView[] {
  return value.isList ? value.items : [value]
}

function isNamed(text: string | undefined): boolean {
  return text !== undefined && tryParseReference(withoutTransport(text).text) !== undefined
}
